// SPDX-License-Identifier: Apache-2.0

/// Any bytes must end in a value or a `DecodeError`, never in a trap.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzSocketLink(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let inode = bytes.withUnsafeBytes { SocketLink.inode($0.bytes) }
  // The quick look and the full one must agree.
  if case .socket(let other)? = try? SocketLink(bytes) {
    precondition(inode == other)
  } else {
    precondition(inode == 0)
  }
  return 0
}
