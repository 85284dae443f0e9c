using System.Runtime.CompilerServices;
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
            // The file is read and the device made ready at the same time; weights are checked while kernels are made, and nothing runs before.
            Task<CpuBackend> preparing = Task.Run(() => Prepare(threads));
            EngineFile? file = null;
            Engine? engine = null;
            try
            {
                file = EngineCodec.Open(path, OperatorCatalog.Standard, BulkVerification.InBackground);
                engine = new(file.Content, preparing.GetAwaiter().GetResult(), source: file, logger: logger);
                file.Verification.GetAwaiter().GetResult();
                return engine;
            }
            catch
            {
                if (engine is null)
                {
                    _ = preparing.ContinueWith(backend => backend.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
                }

                engine?.Dispose();
                file?.Dispose();
                throw;
            }
        }
    }

    private static CpuBackend Prepare(int? threads)
    {
        CpuBackend backend = new(threads);
        // Where all code is there from the start nothing has to be made ready.
        if (Environment.ProcessorCount > 1 && RuntimeFeature.IsDynamicCodeSupported)
        {
            // Nobody waits for it: where the file is read sooner, kernels are made without.
            _ = Task.Run(backend.WarmUp);
        }

        return backend;
    }
}
