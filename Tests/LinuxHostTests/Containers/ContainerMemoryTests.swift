// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import LinuxHost

@Suite struct ContainerMemoryTests {
  private static func id(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }

  private static func processes(_ numbers: some Sequence<Int>) -> [ProcessRecord] {
    numbers.map { number in
      var process = ProcessRecord(id: ProcessID(pid: Int32(number + 1), startTicks: 1))
      process.container = id(number)
      process.cgroup = "/kubepods/pod2f1b1b0e-5c1d-4d8e-9f5b-1f0e2d3c4b5a/\(id(number))"
      return process
    }
  }

  private static func answer(_ numbers: some Sequence<Int>) -> ContainerFiles {
    var files = ContainerFiles()
    files.isAnythingThere = true
    files.links = numbers.map { (id($0), "pod-\($0)_shop_app-\(id($0)).log") }
    return files
  }

  private static func at(_ seconds: Double) -> BootInstant { BootInstant(seconds: seconds) }

  @Test func `a container is asked about until it has a name, and then no more`() {
    var memory = ContainerMemory()
    var processes = Self.processes(1...2)
    let ids = memory.wanted(in: processes, at: Self.at(1))
    #expect(ids == [Self.id(1), Self.id(2)])
    memory.learn(Self.answer(1...1), about: ids, of: processes, at: Self.at(1))
    memory.name(&processes)
    #expect(processes[0].names.pod == "pod-1" && processes[1].names == .unknown)
    #expect(memory.wanted(in: processes, at: Self.at(20.9)).isEmpty)
    #expect(memory.wanted(in: processes, at: Self.at(21)) == [Self.id(2)])
    memory.learn(Self.answer(2...2), about: [Self.id(2)], of: processes, at: Self.at(21))
    #expect(memory.wanted(in: processes, at: Self.at(90_000)).isEmpty)
    memory.name(&processes)
    #expect(processes.map(\.names.pod) == ["pod-1", "pod-2"])
  }

  @Test func `a host that has none of the folders is left alone for ten minutes`() {
    var memory = ContainerMemory()
    let processes = Self.processes(1...1)
    memory.learn(ContainerFiles(), about: [Self.id(1)], of: processes, at: Self.at(1))
    #expect(memory.wanted(in: processes, at: Self.at(600.9)).isEmpty)
    #expect(memory.wanted(in: processes, at: Self.at(601)) == [Self.id(1)])
  }

  @Test func `a thousand new containers are asked about in turns`() {
    var memory = ContainerMemory()
    let processes = Self.processes(0..<1000)
    var asked = Set<String>()
    var turns = 0
    while turns < 100 {
      let ids = memory.wanted(in: processes, at: Self.at(1))
      if ids.isEmpty { break }
      #expect(ids.count <= ContainerMemory.askedMost)
      asked.formUnion(ids)
      memory.learn(Self.answer(0..<1000), about: ids, of: processes, at: Self.at(1))
      turns += 1
    }
    #expect(asked.count == 1000 && turns == 16)
  }

  @Test func `where no answer came it is asked again later`() {
    var memory = ContainerMemory()
    let processes = Self.processes(1...1)
    memory.missed([Self.id(1)], at: Self.at(1))
    #expect(memory.wanted(in: processes, at: Self.at(2)).isEmpty)
    #expect(!memory.wanted(in: processes, at: Self.at(21)).isEmpty)
  }

  @Test func `containers that are gone are forgotten when there are many`() {
    var memory = ContainerMemory()
    for first in stride(from: 0, to: 4000, by: 50) {
      let processes = Self.processes(first..<(first + 50))
      let ids = memory.wanted(in: processes, at: Self.at(Double(first)))
      #expect(ids.count == 50)
      memory.learn(
        Self.answer(first..<(first + 50)), about: ids, of: processes, at: Self.at(Double(first)))
    }
    // The first are not known any more, the last are.
    #expect(memory.wanted(in: Self.processes(0..<50), at: Self.at(4000)).count == 50)
    #expect(memory.wanted(in: Self.processes(3950..<4000), at: Self.at(4000)).isEmpty)
  }

  @Test func `a user who calls a cgroup as a container gets none of its names`() {
    var memory = ContainerMemory()
    var processes = Self.processes(1...1) + Self.processes(1...1)
    processes[1].cgroup = "/user.slice/user@1000.service\(processes[0].cgroup ?? "")"
    memory.learn(Self.answer(1...1), about: [Self.id(1)], of: processes, at: Self.at(1))
    memory.name(&processes)
    #expect(processes.map(\.names.pod) == ["pod-1", nil])
    #expect(ContainerMemory().wanted(in: [processes[1]], at: Self.at(1)) == [])
  }

  @Test func `many without a name do not keep the others unnamed`() {
    var memory = ContainerMemory()
    let processes = Self.processes(0..<200)
    var asked = Set<String>()
    for turn in 0..<4 {
      let now = Self.at(1 + 10 * Double(turn))
      let ids = memory.wanted(in: processes, at: now)
      asked.formUnion(ids)
      memory.learn(Self.answer(0..<0), about: ids, of: processes, at: now)
    }
    #expect(asked.count == 200)
  }

  @Test func `one that was not reached is asked about in the next turn`() {
    var memory = ContainerMemory()
    let processes = Self.processes(1...2)
    var files = Self.answer(1...1)
    files.unread = [Self.id(2)]
    memory.learn(files, about: [Self.id(1), Self.id(2)], of: processes, at: Self.at(1))
    #expect(memory.wanted(in: processes, at: Self.at(2)) == [Self.id(2)])
  }

  @Test func `what has a name for an id is not asked about`() {
    var process = ProcessRecord(id: ProcessID(pid: 1, startTicks: 1))
    process.container = "web-1"
    #expect(ContainerMemory().wanted(in: [process], at: Self.at(1)).isEmpty)
  }
}
