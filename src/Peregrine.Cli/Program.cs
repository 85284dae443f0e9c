using Peregrine.Cli;

ProgramClock.Start();
StartMemory.Prepare();
return await CommandLine.RunAsync(args);
