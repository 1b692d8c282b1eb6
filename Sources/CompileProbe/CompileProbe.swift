// SPDX-License-Identifier: Apache-2.0

import PackagePlugin

/// Has the programs in the kernel compiled into the target that carries them.
@main
struct CompileProbe: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let programs = target.directoryURL.appending(path: "Programs")
    let sources = context.package.directoryURL.appending(path: "Sources")
    let objects = [
      (
        source: "trace.bpf.c", type: "TraceObject",
        includes: ["CTrace/include/TraceEvent.h", "TraceProbe/Programs/python.bpf.h"]
      ),
      (
        source: "connects.bpf.c", type: "ConnectsObject",
        includes: ["CLinuxDiag/include/ConnectCounts.h"]
      ),
    ]
    return try objects.map { object in
      let output = context.pluginWorkDirectoryURL.appending(path: object.type + ".swift")
      let source = programs.appending(path: object.source)
      return .buildCommand(
        displayName: "Compiling the programs in the kernel: \(object.source)",
        executable: try context.tool(named: "ProbeCompiler").url,
        arguments: [
          try context.tool(named: "clang").url.path(), source.path(), output.path(), object.type,
        ],
        inputFiles: [source, programs.appending(path: "kernel.h")]
          + object.includes.map { sources.appending(path: $0) },
        outputFiles: [output])
    }
  }
}
