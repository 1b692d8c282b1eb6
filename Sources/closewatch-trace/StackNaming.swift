// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import CTrace
import Glibc
import Tracing

/// What happens in the process that has no rights: stacks to named calls. It has the copies and the
/// open files, says what it finds into a pipe, and can do nothing else. Whatever the files make it
/// do, only names are lost.
struct StackNaming {
  private let unwinder: OpaquePointer
  private let files: [MappedFiles.File]
  private var namers: [Int: (any FrameNamer)?] = [:]
  private var known: [UInt64: String] = [:]
  private let output: Int32

  private static let mostCalls = 128
  private static let mostInlined = 16
  /// Debug information can ask for any amount. Of a file that does not fit, names are lost.
  private static let mostMemory: rlim_t = 1 << 30

  /// Does it and ends.
  static func run(_ stacks: [[UInt8]], of pid: Int32, _ files: MappedFiles, output: Int32) -> Never
  {
    confine(keeping: files.descriptors + [output])
    guard var naming = StackNaming(pid, files.files, output) else { _exit(1) }
    for stack in stacks { naming.name(stack) }
    _exit(0)
  }

  private static func confine(keeping descriptors: [Int32]) {
    let kept = descriptors.sorted()
    closewatch_keep_descriptors(kept, Int32(kept.count))
    closewatch_end_with_parent()
    closewatch_name_process("closewatch-name")
    _ = closewatch_keep_capabilities(0)
    _ = closewatch_no_new_privileges()
    var memory = rlimit(rlim_cur: mostMemory, rlim_max: mostMemory)
    setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &memory)
    // Without such a filter in the kernel, there is one wall less.
    _ = closewatch_confine(closewatch_reader)
  }

  private init?(_ pid: Int32, _ files: [MappedFiles.File], _ output: Int32) {
    // They live as long as this process.
    let given = UnsafeMutableBufferPointer<closewatch_code_file>.allocate(capacity: files.count)
    for (index, file) in files.enumerated() {
      given.initializeElement(
        at: index,
        to: closewatch_code_file(
          path: strdup(file.code.path), start: file.code.start, end: file.code.end,
          offset: file.code.offset, descriptor: file.descriptor,
          debug_descriptor: file.debugDescriptor))
    }
    guard let unwinder = closewatch_unwinder_new(pid, given.baseAddress, Int32(files.count)) else {
      return nil
    }
    self.unwinder = unwinder
    self.files = files
    self.output = output
  }

  private mutating func name(_ stack: [UInt8]) {
    var addresses = [UInt64](repeating: 0, count: Self.mostCalls)
    var cut = closewatch_cut_nowhere
    let count = stack.withUnsafeBytes { bytes in
      closewatch_unwind(
        unwinder, bytes.assumingMemoryBound(to: closewatch_trace_stack.self).baseAddress,
        &addresses, Int32(Self.mostCalls), &cut)
    }
    var text = "S\n"
    for address in addresses.prefix(Int(count)) { text += lines(of: address) }
    switch cut {
    case closewatch_cut_untold: text += NamedStacks.cut
    case closewatch_cut_too_long: text += NamedStacks.tooLong
    default: break
    }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
      guard written > 0 else { _exit(1) }
      bytes = bytes.dropFirst(written)
    }
  }

  private mutating func lines(of address: UInt64) -> String {
    if let lines = known[address] { return lines }
    var calls = [closewatch_named_call](repeating: .init(), count: Self.mostInlined)
    let count = closewatch_name_address(unwinder, address, &calls, Int32(Self.mostInlined))
    let file = Int(calls[0].file)
    var lines = ""
    // What a runtime says of its own code leads: it has lines also where the DWARF is packed.
    if file >= 0, let bias = bias(of: file), let namer = namer(of: file, bias) {
      for frame in namer.frames(at: address &- bias) {
        lines += NamedStacks.line(
          function: frame.function, source: frame.file, line: frame.line,
          path: files[file].code.path)
      }
    }
    if lines.isEmpty { lines = calls.prefix(Int(count)).map(line).joined() }
    known[address] = lines
    return lines
  }

  private func line(_ call: closewatch_named_call) -> String {
    NamedStacks.line(
      function: call.function.map { Demangling.readable(String(cString: $0)) },
      source: source(call), line: call.line > 0 ? Int(call.line) : nil,
      path: call.file >= 0 && Int(call.file) < files.count ? files[Int(call.file)].code.path : "")
  }

  /// Cargo has each crate compiled from its own folder: without it a library looks like anybody's.
  private func source(_ call: closewatch_named_call) -> String? {
    guard let source = call.source.map({ String(cString: $0) }) else { return nil }
    guard !source.hasPrefix("/"), let folder = call.folder.map({ String(cString: $0) }),
      folder.hasPrefix("/")
    else { return source }
    return folder + (folder.hasSuffix("/") ? "" : "/") + source
  }

  /// nil where libdw could not place the file: then no address of it can be told.
  private func bias(of file: Int) -> UInt64? {
    UInt64(exactly: closewatch_code_bias(unwinder, Int32(file)))
  }

  private mutating func namer(of file: Int, _ bias: UInt64) -> (any FrameNamer)? {
    if let known = namers[file] { return known }
    let namer = RuntimeReaders.namer(for: MappedFiles.codeFile(files[file], bias: bias))
    namers[file] = .some(namer)
    return namer
  }
}
