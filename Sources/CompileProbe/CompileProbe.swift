// SPDX-License-Identifier: Apache-2.0

import PackagePlugin

/// Has the programs in the kernel compiled into the target that carries them.
@main
struct CompileProbe: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let programs = target.directoryURL.appending(path: "Programs")
    let header = context.package.directoryURL.appending(path: "Sources/CTrace/include/TraceEvent.h")
    let output = context.pluginWorkDirectoryURL.appending(path: "ProbeObject.swift")
    let names = ["trace.bpf.c", "kernel.h", "python.bpf.h"]
    return [
      .buildCommand(
        displayName: "Compiling the programs in the kernel",
        executable: try context.tool(named: "ProbeCompiler").url,
        arguments: [
          try context.tool(named: "clang").url.path(),
          programs.appending(path: "trace.bpf.c").path(), output.path(),
        ],
        inputFiles: names.map { programs.appending(path: $0) } + [header],
        outputFiles: [output])
    ]
  }
}
