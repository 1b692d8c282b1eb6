// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxHost

// The Glibc module leaves these out: they need _GNU_SOURCE, are variadic, or are thought unsafe.
@_silgen_name("unshare") private func unshare(_ flags: Int32) -> Int32
@_silgen_name("fork") private func forkProcess() -> Int32
@_silgen_name("mount")
private func mountFilesystem(
  _ source: UnsafePointer<CChar>, _ target: UnsafePointer<CChar>,
  _ type: UnsafePointer<CChar>, _ flags: UInt, _ data: UnsafePointer<CChar>?
) -> Int32
@_silgen_name("ioctl")
private func ioctl(_ fd: Int32, _ request: UInt, _ argument: UnsafeMutableRawPointer) -> Int32
@_silgen_name("syscall")
private func systemCall(_ number: Int, _ first: Int, _ second: Int, _ third: Int, _ fourth: Int)
  -> Int

/// Real sockets of a network namespace of their own, in this process and in children of it.
enum HolderLab {
  /// A connection: its accepted end and its connecting end.
  struct Connection {
    var accepted: Int32
    var connected: Int32
  }

  private final class Box {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  struct Failure: Error { var text: String }

  /// Runs `body` on a thread in a fresh network namespace whose loopback is up. Sockets made there
  /// stay in it and belong to the process.
  static func inNamespace<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) throws -> Result {
    try onThread {
      try check(unshare(0x4000_0000 /* CLONE_NEWNET */), "unshare")
      try raiseLoopback()
      return try body()
    }
  }

  /// Runs `body` on a thread that ends afterwards.
  static func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) throws -> Result {
    nonisolated(unsafe) var outcome: Swift.Result<Result, any Error>?
    let box = Unmanaged.passRetained(Box { outcome = Swift.Result { try body() } })
    var thread = pthread_t()
    try check(
      pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
          return nil
        }, box.toOpaque()), "pthread_create")
    pthread_join(thread, nil)
    guard let outcome else { throw Failure(text: "the thread did nothing") }
    return try outcome.get()
  }

  /// Starts a thread that takes a descriptor table of its own and then waits to be told to end.
  ///
  /// - Parameter tell: Written to by the thread when it has its table.
  /// - Parameter told: The thread ends when this can be read.
  static func unshareTable(tell: Int32, told: Int32) throws {
    let pipes = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
    pipes[0] = tell
    pipes[1] = told
    var thread = pthread_t()
    try check(
      pthread_create(
        &thread, nil,
        { argument in
          guard let pipes = argument?.assumingMemoryBound(to: Int32.self) else { return nil }
          _ = unshare(0x400 /* CLONE_FILES */)
          var byte: UInt8 = 1
          _ = write(pipes[0], &byte, 1)
          _ = read(pipes[1], &byte, 1)
          pipes.deallocate()
          return nil
        }, pipes), "pthread_create")
    pthread_detach(thread)
  }

  /// An io_uring in whose table of registered files `fd` is the second; nil when this kernel or
  /// its settings allow none.
  static func ring(registering fd: Int32) throws -> Int32? {
    var parameters = [UInt8](repeating: 0, count: 120)
    let ring = parameters.withUnsafeMutableBytes {
      Int32(truncatingIfNeeded: systemCall(425, 8, Int(bitPattern: $0.baseAddress), 0, 0))
    }
    if ring < 0 { return nil }
    var files: [Int32] = [-1, fd, -1]
    let result = files.withUnsafeMutableBytes {
      // 2 is IORING_REGISTER_FILES.
      systemCall(427, Int(ring), 2, Int(bitPattern: $0.baseAddress), 3)
    }
    try check(Int32(truncatingIfNeeded: result), "io_uring_register")
    return ring
  }

  /// Sends `fd` over a unix socket and does not receive it.
  static func send(_ fd: Int32, over unix: Int32) throws {
    var byte: UInt8 = 1
    // struct cmsghdr (length, level, type) and one descriptor, padded to 8 bytes.
    var control: [UInt64] = [20, UInt64(UInt32(SOL_SOCKET)) | 1 << 32, UInt64(UInt32(fd))]
    let sent = withUnsafeMutablePointer(to: &byte) { data in
      control.withUnsafeMutableBytes { control in
        var vector = iovec(iov_base: data, iov_len: 1)
        return withUnsafeMutablePointer(to: &vector) { vector in
          var message = msghdr()
          message.msg_iov = vector
          message.msg_iovlen = 1
          message.msg_control = control.baseAddress
          message.msg_controllen = 24
          return sendmsg(unix, &message, 0)
        }
      }
    }
    try check(Int32(sent), "sendmsg")
  }

  /// Runs `body` on a thread that has no rights: those of the user `nobody`.
  ///
  /// - Parameter hidden: Gives it the path of a `/proc` of its own, mounted with `hidepid=2`.
  static func unprivileged<Result: Sendable>(
    hidden: Bool = false, _ body: @escaping @Sendable (String) throws -> Result
  ) throws -> Result {
    var name = Array("/tmp/closewatch-proc-XXXXXX".utf8CString)
    let root = try name.withUnsafeMutableBufferPointer { buffer in
      guard let path = mkdtemp(buffer.baseAddress ?? strdup("")) else {
        throw Failure(text: "mkdtemp")
      }
      return String(cString: path)
    }
    defer { rmdir(root) }
    return try onThread {
      if hidden {
        // CLONE_NEWNS and CLONE_FS: this thread's mounts are seen by nobody else.
        try check(unshare(0x20000 | 0x200), "unshare")
        try check(mountFilesystem("none", "/", "none", 0x44000, nil), "private mounts")
        try check(mountFilesystem("proc", root, "proc", 0, "hidepid=2"), "mount proc")
      }
      // The system call itself changes one thread; glibc's function changes all.
      try check(Int32(systemCall(119, 65534, 65534, 65534, 0)), "setresgid")
      try check(Int32(systemCall(117, 65534, 65534, 65534, 0)), "setresuid")
      return try body(hidden ? root : "/proc")
    }
  }

  /// How many processes belong to a user of which `isCounted` holds.
  static func processes(_ isCounted: (UInt32) -> Bool) throws -> Int {
    guard let directory = opendir("/proc") else { throw Failure(text: "opendir /proc") }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      var status = stat()
      if Int32(name) != nil, stat("/proc/\(name)", &status) == 0, isCounted(status.st_uid) {
        count += 1
      }
    }
    return count
  }

  /// A child that has given itself a name.
  static func forkChild(named name: String) throws -> Int32 {
    let pid = forkProcess()
    if pid == 0 {
      // 15 is PR_SET_NAME.
      name.withCString { _ = systemCall(157, 15, Int(bitPattern: $0), 0, 0) }
      while true { pause() }
    }
    try check(pid, "fork")
    return pid
  }

  static func check(_ result: Int32, _ call: String) throws {
    if result < 0 { throw Failure(text: "\(call): \(String(cString: strerror(errno)))") }
  }

  private static func raiseLoopback() throws {
    let fd = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    try check(fd, "socket")
    defer { close(fd) }
    // struct ifreq: 16 bytes of name, then the flags.
    var request = [UInt8](repeating: 0, count: 40)
    request[0] = UInt8(ascii: "l")
    request[1] = UInt8(ascii: "o")
    request[16] = UInt8(IFF_UP | IFF_RUNNING)
    try check(ioctl(fd, 0x8914 /* SIOCSIFFLAGS */, &request), "SIOCSIFFLAGS")
  }

  /// A listener on 127.0.0.1 with a port of the kernel's choice.
  static func listener(_ transport: Int32 = 0) throws -> (fd: Int32, address: sockaddr_in) {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), transport)
    try check(fd, "socket")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        try check(bind(fd, generic, length), "bind")
        try check(listen(fd, 128), "listen")
        try check(getsockname(fd, generic, &length), "getsockname")
      }
    }
    return (fd, address)
  }

  /// Connections over loopback. Programs that other tests start do not inherit them.
  static func connections(
    _ count: Int, over transport: Int32 = 0, from client: Int32? = nil
  ) throws -> [Connection] {
    let (listening, address) = try listener(transport)
    defer { close(listening) }
    return try (0..<count).map { _ in
      let connected = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), client ?? transport)
      try check(connected, "socket")
      var address = address
      try withUnsafePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          try check(
            connect(connected, $0, socklen_t(MemoryLayout<sockaddr_in>.size)), "connect")
        }
      }
      let accepted = accept(listening, nil, nil)
      try check(accepted, "accept")
      try check(fcntl(accepted, F_SETFD, FD_CLOEXEC), "FD_CLOEXEC")
      return Connection(accepted: accepted, connected: connected)
    }
  }

  static func inode(of fd: Int32) -> UInt64 {
    var status = stat()
    return fstat(fd, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  /// Closes with a reset: the other end's socket is dead and in no table.
  static func reset(_ fd: Int32) throws {
    var linger = linger(l_onoff: 1, l_linger: 0)
    try check(
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size)),
      "SO_LINGER")
    close(fd)
  }

  /// A child that holds a copy of this process's descriptors and does nothing.
  static func forkChild() throws -> Int32 {
    let pid = forkProcess()
    if pid == 0 { while true { pause() } }
    try check(pid, "fork")
    return pid
  }

  /// A child whose first thread has exited while another waits.
  static func forkWithoutLeader() throws -> Int32 {
    let pid = forkProcess()
    if pid == 0 {
      var thread = pthread_t()
      pthread_create(&thread, nil, { _ in while true { pause() } }, nil)
      // exit(2), which ends one thread; the function of that name ends all.
      _ = systemCall(60, 0, 0, 0, 0)
    }
    try check(pid, "fork")
    return pid
  }

  /// `/bin/sleep` as a child, with this process's descriptors but those that close on exec. Asleep
  /// when this returns: while it starts, the libraries it opens are descriptors too.
  /// - Parameter inherited: A descriptor that this child keeps, and no other that starts meanwhile.
  static func execChild(inheriting inherited: Int32? = nil) throws -> Int32 {
    var pid = pid_t()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Onto itself: what would close on exec stays open.
    if let inherited { posix_spawn_file_actions_adddup2(&actions, inherited, inherited) }
    let arguments: [UnsafeMutablePointer<CChar>?] =
      ["sleep", "600"].map { (text: String) in strdup(text) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let code = posix_spawn(&pid, "/bin/sleep", &actions, nil, arguments, nil)
    guard code == 0 else { throw Failure(text: "posix_spawn: \(code)") }
    for _ in 0..<1000 {
      // The system call it waits in: proc(5). The kernel function, in `wchan`, is not everywhere.
      let waitsIn = String(decoding: (try? readFile("/proc/\(pid)/syscall")) ?? [], as: UTF8.self)
      if waitsIn.hasPrefix("\(Self.clockNanosleep) ") { return pid }
      usleep(10_000)
    }
    end(pid)
    throw Failure(text: "sleep(1) does not sleep after 10 s")
  }

  /// The number of clock_nanosleep(2), which Glibc's module does not have.
  #if arch(arm64)
    private static let clockNanosleep = 115
  #else
    private static let clockNanosleep = 230
  #endif

  /// Ends a child by its pid and waits for it.
  static func end(_ pid: Int32) {
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }
}
