// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Listening sockets: made here, or handed over by the service manager.
///
/// Made here and not by the HTTP library, so that a unix socket never exists with the wrong mode
/// and every failure says on which address.
package enum ListeningSocket {
  /// Connections that wait to be accepted. 512: what a storm of scrapers leaves in a second.
  package static let backlog: Int32 = 512

  /// The sockets that systemd passes to this process: sd_listen_fds(3). Empty without.
  ///
  /// - Throws: ``SystemCallError`` when one of them is not a listening stream socket.
  package static func activated() throws(SystemCallError) -> [Int32] {
    guard let owner = getenv("LISTEN_PID").flatMap({ Int32(String(cString: $0)) }),
      owner == getpid(),
      let count = getenv("LISTEN_FDS").flatMap({ Int32(String(cString: $0)) }), count > 0,
      count <= 64
    else { return [] }
    var found: [Int32] = []
    for fd in 3..<(3 + count) {
      let name = "descriptor \(fd) of $LISTEN_FDS"
      _ = try systemCall("fcntl", on: name) { fcntl(fd, F_SETFD, FD_CLOEXEC) }
      var isListening: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      _ = try systemCall("getsockopt", on: name) {
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size)
      }
      guard isListening != 0 else { throw SystemCallError("accept", on: name, errno: EINVAL) }
      found.append(fd)
    }
    return found
  }

  /// Binds a unix socket; whoever may connect is told by `mode` from its first moment on.
  ///
  /// A file that is there is replaced only when it is a socket on which nobody listens.
  /// - Parameter group: Whose members may connect too, as far as `mode` lets them. With a group
  ///   that cannot be given to it, the socket is its owner's alone.
  /// - Throws: ``SystemCallError``, with EADDRINUSE when somebody does.
  package static func bindUnix(
    path: String, mode: UInt32, group: UInt32? = nil
  ) throws(SystemCallError) -> BoundUnixSocket {
    let address = try UnixAddress(path)
    try removeStale(path, address)
    let fd = try UnixAddress.stream(on: path, isBlocking: true)
    let file: SocketFile
    do throws(SystemCallError) {
      // On a socket that is not bound yet, this sets the mode of the file that bind() makes. Until
      // it has its group, it is nobody else's.
      let first = group == nil ? mode : mode & 0o700
      _ = try systemCall("fchmod", on: path) { fchmod(fd, first) }
      try address.bind(fd)
      file = try SocketFile(path)
      var last = first
      if let group, isOf(group, path) || lchown(path, .max, group) == 0 { last = mode }
      _ = try systemCall("chmod", on: path) { chmod(path, last) }
      _ = try systemCall("listen", on: path) { Glibc.listen(fd, backlog) }
    } catch {
      close(fd)
      throw error
    }
    return BoundUnixSocket(fd: fd, file: file)
  }

  /// Whether a file has the group already: a service whose own group it is may not call chown(2).
  private static func isOf(_ group: UInt32, _ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_gid == group
  }

  /// Binds a TCP socket.
  ///
  /// - Parameters:
  ///   - host: An address or a name; empty: every address, of IPv6 and IPv4.
  ///   - port: 0: any that is free.
  /// - Throws: ``SystemCallError``, with EADDRINUSE when the port is taken.
  package static func bindTCP(host: String, port: UInt16) throws(SystemCallError) -> Int32 {
    let subject = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host.isEmpty ? "::" : host, String(port), &hints, &list)
    guard code == 0, let first = list else {
      throw SystemCallError("getaddrinfo", on: subject, errno: code == EAI_SYSTEM ? errno : EINVAL)
    }
    defer { freeaddrinfo(list) }
    let fd: Int32
    do throws(SystemCallError) {
      fd = try openTCP(first.pointee, subject)
    } catch {
      // A kernel without IPv6: every address is every address of IPv4.
      guard host.isEmpty, error.errno == EAFNOSUPPORT || error.errno == EADDRNOTAVAIL
      else { throw error }
      return try bindTCP(host: "0.0.0.0", port: port)
    }
    return fd
  }

  /// Makes the directory of a unix socket if it is not there. Whether that went well, bind() tells.
  package static func makeDirectory(of path: String) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    mkdir(String(path[..<slash]), 0o755)
  }

  /// Sets the backlog of a socket that listens already.
  package static func restoreBacklog(of fd: Int32) { _ = Glibc.listen(fd, backlog) }

  /// The local port of a TCP socket; nil of another one.
  package static func port(of fd: Int32) -> UInt16? {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &size) }
    }
    let isInternet = [AF_INET, AF_INET6].contains(Int32(storage.ss_family))
    guard code == 0, isInternet else { return nil }
    // The port is at the same place in both.
    return withUnsafeBytes(of: &storage) { UInt16($0[2]) << 8 | UInt16($0[3]) }
  }

  private static func openTCP(
    _ info: addrinfo, _ subject: String
  ) throws(SystemCallError) -> Int32 {
    let fd = try systemCall("socket", on: subject) {
      socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
    }
    do throws(SystemCallError) {
      var yes: Int32 = 1
      let size = socklen_t(MemoryLayout<Int32>.size)
      _ = try systemCall("setsockopt", on: subject) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, size)
      }
      _ = try systemCall("bind", on: subject) { bind(fd, info.ai_addr, info.ai_addrlen) }
      _ = try systemCall("listen", on: subject) { Glibc.listen(fd, backlog) }
    } catch {
      close(fd)
      throw error
    }
    return fd
  }

  /// Removes what an earlier run left behind, and nothing else.
  private static func removeStale(
    _ path: String, _ address: UnixAddress
  ) throws(SystemCallError) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return }
    guard info.st_mode & S_IFMT == S_IFSOCK else {
      throw SystemCallError("bind", on: path, errno: EEXIST)
    }
    do throws(SystemCallError) {
      // Somebody listens there, also one who is stopped: then its queue takes this connection.
      close(try address.connect())
    } catch {
      guard error.errno == ECONNREFUSED else {
        throw SystemCallError("bind", on: path, errno: EADDRINUSE)
      }
      unlink(path)
      return
    }
    throw SystemCallError("bind", on: path, errno: EADDRINUSE)
  }
}

extension SystemCallError {
  /// Somebody else listens there.
  package var isAddressTaken: Bool { errno == EADDRINUSE }
  /// Somebody listens, and has no time for more connections.
  package var isQueueFull: Bool { errno == EAGAIN }
}
