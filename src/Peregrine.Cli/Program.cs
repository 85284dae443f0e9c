using Peregrine.Cli;

return await CommandLine.RunAsync(args);
