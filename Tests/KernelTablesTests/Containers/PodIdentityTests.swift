// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

@Suite struct PodIdentityTests {
  /// One line of the fixture: the cells that are no `-`.
  struct Layout: CustomTestStringConvertible {
    var name: String
    var path: String
    var container: String?
    var pod: String?
    var serviceClass: String?
    var unit: String?
    var testDescription: String { name }

    init(_ line: Substring) {
      let id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      let cells = line.replacing("ID", with: id).split(separator: "\t")
        .map { $0 == "-" ? nil : String($0) }
      precondition(cells.count == 6, "a layout has six cells: \(line)")
      (name, path) = (cells[0] ?? "", cells[1] ?? "")
      (container, pod, serviceClass, unit) = (cells[2], cells[3], cells[4], cells[5])
    }
  }

  static let layouts: [Layout] = {
    let bytes = (try? Fixture.bytes("cgroups/layouts.tsv")) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.map(Layout.init)
  }()

  @Test func `there is a layout for every runtime and driver`() {
    #expect(Self.layouts.count == 38)
  }

  @Test(arguments: layouts)
  func `a path says container, pod, class and unit`(of layout: Layout) throws {
    let cgroup = try ProcCgroup(Array("0::\(layout.path)\n".utf8))
    #expect(cgroup.container == layout.container)
    #expect(cgroup.unit == layout.unit)
    var process = ProcessRecord(id: ProcessID(pid: 1, startTicks: 1))
    process.cgroup = cgroup.path
    #expect(process.pod?.uid == layout.pod)
    #expect(process.pod?.serviceClass.rawValue == layout.serviceClass)
  }

  @Test(arguments: layouts)
  func `version 1 says the same by systemd's hierarchy`(of layout: Layout) throws {
    let text = "11:memory:/x\n1:name=systemd:\(layout.path)\n0::/\n"
    let cgroup = try ProcCgroup(Array(text.utf8))
    #expect(cgroup.container == layout.container)
    #expect(cgroup.path.flatMap(PodIdentity.init(cgroup:))?.uid == layout.pod)
  }

  @Test func `a process in no cgroup is in no pod`() {
    #expect(ProcessRecord(id: ProcessID(pid: 1, startTicks: 1)).pod == nil)
  }

  @Test func `a pod that was moved into another one is in the inner one`() {
    let inner = "1f1b1b0e-5c1d-4d8e-9f5b-1f0e2d3c4b5a"
    let outer = "/kubepods/burstable/pod2f1b1b0e-5c1d-4d8e-9f5b-1f0e2d3c4b5a/a"
    let pod = PodIdentity(cgroup: outer + "/kubepods/besteffort/pod\(inner)/b")
    #expect(pod?.uid == inner)
  }
}
