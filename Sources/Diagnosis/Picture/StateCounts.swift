// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Sockets by state. Fixed size and without a reference: there is one for each process and owner.
package struct StateCounts: Hashable, Sendable {
  /// By the number of the state; the last lane is for numbers that the kernel does not have yet.
  private var lanes = SIMD16<Int32>(repeating: 0)

  package init() {}

  package init(_ counts: [TCPState: Int]) {
    for (state, count) in counts { self[state] += count }
  }

  @inline(__always)
  private static func lane(_ state: TCPState) -> Int { min(Int(state.rawValue), 15) }

  package subscript(state: TCPState) -> Int {
    get { Int(lanes[Self.lane(state)]) }
    set { lanes[Self.lane(state)] = Int32(clamping: newValue) }
  }

  @inline(__always)
  package mutating func add(_ state: TCPState) { lanes[Self.lane(state)] &+= 1 }

  package static func += (sum: inout StateCounts, more: StateCounts) {
    sum.lanes &+= more.lanes
  }

  /// Every socket.
  package var total: Int { Int(lanes.wrappedSum()) }
  package var isEmpty: Bool { lanes == SIMD16(repeating: 0) }
  /// Every socket that is no listener.
  package var connections: Int { total - self[.listen] }
  /// Those in a state that no table of this kernel should show.
  package var unknown: Int {
    lanes.indices.reduce(0) { sum, lane in
      TCPState.shown.contains(TCPState(rawValue: UInt8(lane))) ? sum : sum + Int(lanes[lane])
    }
  }

  /// The states that there are sockets in.
  package var byState: [TCPState: Int] {
    var found: [TCPState: Int] = [:]
    for lane in lanes.indices where lanes[lane] != 0 {
      found[TCPState(rawValue: UInt8(lane))] = Int(lanes[lane])
    }
    return found
  }
}
