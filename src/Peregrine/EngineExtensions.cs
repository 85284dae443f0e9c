using Microsoft.Extensions.Logging;
using Peregrine.Backends.Cpu;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Format;

namespace Peregrine;

/// <summary>Opening engine files.</summary>
public static class EngineExtensions
{
    extension(Engine)
    {
        /// <summary>Opens an engine file on this machine's CPU. Every byte is verified before anything runs; loading runs nothing from the file.</summary>
        /// <param name="threads">Workers of one call; null for the processors that the process may use.</param>
        /// <exception cref="EngineFormatException">The file is no engine, or is damaged, truncated or too new.</exception>
        public static Engine Load(string path, int? threads = null, ILogger? logger = null)
        {
            // The weights are checked while kernels are made; nothing runs before.
            EngineFile file = EngineCodec.Open(path, OperatorCatalog.Standard, BulkVerification.InBackground);
            Engine? engine = null;
            try
            {
                engine = new(file.Content, new CpuBackend(threads), source: file, logger: logger);
                file.Verification.GetAwaiter().GetResult();
                return engine;
            }
            catch
            {
                engine?.Dispose();
                file.Dispose();
                throw;
            }
        }
    }
}
