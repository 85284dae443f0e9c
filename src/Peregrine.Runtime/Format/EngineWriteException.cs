using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Format;

/// <summary>An engine could not be saved: disk full, no permission, no such folder. Nothing was left behind.</summary>
public sealed class EngineWriteException(string message, Exception? inner = null) : PeregrineException(message, inner);
