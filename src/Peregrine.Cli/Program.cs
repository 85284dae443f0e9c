using Peregrine.Cli;

ProgramClock.Start();
return await CommandLine.RunAsync(args);
