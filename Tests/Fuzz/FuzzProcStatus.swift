// SPDX-License-Identifier: Apache-2.0

/// Any bytes must end in a value or a `DecodeError`, never in a trap.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzProcStatus(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  _ = try? ProcStatus(bytes)
  return 0
}
