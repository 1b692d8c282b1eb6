// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

/// Which rows are kept where there is no memory for all, and that the others are counted.
@Suite struct RowBudgetTests {
  private func rows(
    _ state: TCPState, _ numbers: Range<Int>, in namespace: UInt32 = 1
  ) -> [SocketRow] {
    numbers.map { number in
      var row = SocketRow()
      row.state = state
      row.namespace = NetnsID(rawValue: namespace)
      row.cookie = UInt64(namespace) << 32 | UInt64(number)
      return row
    }
  }

  /// Reads tables as a look does, some rows at a time.
  private func keep(_ most: Int, of tables: [[SocketRow]]) -> (rows: [SocketRow], RowBudget) {
    var budget = RowBudget(most: most)
    var kept: [SocketRow] = []
    for table in tables {
      budget.begin(kept)
      for start in stride(from: 0, to: table.count, by: 97) {
        kept += table[start..<min(start + 97, table.count)]
        budget.makeRoom(in: &kept)
        #expect(kept.count <= most + max(most / 16, 256))
      }
      budget.finish(&kept)
      #expect(kept.count <= most)
      #expect(budget.start <= kept.count)
    }
    return (kept, budget)
  }

  private func count(_ budget: RowBudget, _ state: TCPState) -> Int {
    budget.leftOut.filter { $0.state == state }.reduce(0) { $0 + $1.count }
  }

  @Test func `where there is room for all, all are kept and nothing is said`() {
    let table = rows(.timeWait, 0..<1000) + rows(.closeWait, 0..<1000)
    let (kept, budget) = keep(2000, of: [table])
    #expect(kept == table)
    #expect(budget.leftOut.isEmpty)
    #expect(budget.gap == nil)
  }

  @Test func `what may be a leak is kept, in whatever order rows come`() {
    let suspicious = rows(.closeWait, 0..<700) + rows(.listen, 700..<720)
    let orders = [
      suspicious + rows(.timeWait, 1000..<9000) + rows(.established, 10_000..<12_000),
      rows(.timeWait, 1000..<9000) + rows(.established, 10_000..<12_000) + suspicious,
      rows(.established, 10_000..<12_000) + suspicious + rows(.timeWait, 1000..<9000),
    ]
    for table in orders {
      let (kept, budget) = keep(1000, of: [table])
      #expect(kept.filter { $0.state == .closeWait }.count == 700)
      #expect(kept.filter { $0.state == .listen }.count == 20)
      #expect(kept.count > 850)
      // Every row is kept or counted.
      for (state, all) in [(TCPState.timeWait, 8000), (.established, 2000)] {
        #expect(kept.filter { $0.state == state }.count + count(budget, state) == all)
      }
      #expect(count(budget, .closeWait) == 0)
    }
  }

  @Test func `TIME_WAIT goes before ESTABLISHED`() {
    let (kept, budget) = keep(
      1000, of: [rows(.established, 0..<600) + rows(.timeWait, 600..<9000)])
    #expect(kept.filter { $0.state == .established }.count == 600)
    #expect(count(budget, .timeWait) + kept.count - 600 == 8400)
  }

  @Test func `a host full of TIME_WAIT hides no leak of a namespace that is read later`() {
    let tables = (1...4 as ClosedRange<UInt32>).map { namespace in
      rows(.timeWait, 0..<5000, in: namespace) + rows(.closeWait, 5000..<5200, in: namespace)
    }
    let (kept, budget) = keep(1000, of: tables)
    #expect(kept.filter { $0.state == .closeWait }.count == 800)
    // Those of one namespace are next to each other, in their order.
    #expect(kept.map(\.namespace.rawValue) == kept.map(\.namespace.rawValue).sorted())
    #expect(Set(budget.leftOut.map(\.namespace.rawValue)) == [1, 2, 3, 4])
    #expect(count(budget, .timeWait) + kept.count == 20_800)
  }

  @Test func `more suspicious ones than there is room for are cut too, and said`() {
    let table = rows(.closeWait, 0..<5000)
    let (kept, budget) = keep(1000, of: [table])
    #expect(kept == Array(table[..<1000]))
    #expect(budget.leftOut == [RowsLeftOut(NetnsID(rawValue: 1), .closeWait, count: 4000)])
    #expect(
      budget.gap
        == Gap(
          .boundReached, count: 4000,
          detail: "4000 sockets were counted and not kept: there is memory for 1000 of them"))
  }

  @Test func `rows that moved when twins were removed are looked through again`() {
    var budget = RowBudget(most: 1000)
    var kept = rows(.closeWait, 0..<1137)
    for index in 0..<120 { kept[index].cookie = kept[0].cookie }
    budget.begin([])
    // 137 too many, and no TIME_WAIT among them.
    kept += rows(.closeWait, 1137..<1257)
    budget.makeRoom(in: &kept)
    #expect(kept.count == 1000)
    kept += rows(.timeWait, 2000..<2150) + rows(.closeWait, 3000..<3100)
    #expect(UniqueRows.compact(&kept, from: budget.start) == 119)
    budget.finish(&kept)
    #expect(count(budget, .closeWait) == 257)
    #expect(kept.filter { $0.state == .closeWait }.count == 981)
    #expect(kept.count == 1000)
  }

  @Test func `the array has room for what is there before room is made`() {
    // Rows come in a datagram or 64 KiB at once.
    for most in [1000, 100_000] {
      let budget = RowBudget(most: most)
      #expect(budget.room(for: .max) >= most + max(most / 16, 256) + 430)
      #expect(budget.room(for: 500) >= 500 + 430)
    }
  }

  @Test func `a table that is given up and read another way is counted once`() {
    var budget = RowBudget(most: 1000)
    var kept: [SocketRow] = []
    budget.begin(kept)
    kept += rows(.closeWait, 0..<500)
    budget.finish(&kept)
    for _ in 0..<2 {
      budget.begin(kept)
      kept += rows(.timeWait, 0..<3000, in: 2)
      budget.makeRoom(in: &kept)
      budget.giveUp(&kept, of: NetnsID(rawValue: 2))
      #expect(kept.count == 500)
      #expect(budget.leftOut.isEmpty)
    }
  }
}
