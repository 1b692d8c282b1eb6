// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcCgroupTests {
  private static let id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

  private func decode(_ text: String) throws -> ProcCgroup { try ProcCgroup(Array(text.utf8)) }

  @Test(arguments: [
    ("/system.slice/nginx.service", "nginx.service"),
    ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
    ("/system.slice/nginx.service/worker", "nginx.service"),
    ("/system.slice/my\\x2dapp.service", "my\\x2dapp.service"),
    ("/system.slice/_tasks.service", "tasks.service"),
    ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope"),
    (
      "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.service", "app-x.service"
    ),
    ("/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000.service"),
    ("/init.scope", "init.scope"),
    ("/system.slice/gone.service (deleted)", "gone.service"),
    ("/user.slice/user-1000.slice", nil),
    ("/", nil), ("/.service", nil), ("/../../x", nil), ("/a:b/c.service", "c.service"),
  ])
  func `the unit is the last service or scope`(path: String, unit: String?) throws {
    #expect(try decode("0::\(path)\n").unit == unit)
  }

  @Test(arguments: [
    "/system.slice/docker-ID.scope", "/docker/ID", "/kubepods/besteffort/pod12/ID",
    "/kubepods.slice/kubepods-pod1.slice/cri-containerd-ID.scope",
    "/kubepods.slice/crio-ID.scope", "/machine.slice/libpod-ID.scope/container",
    "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:ID",
    "/docker/ID/system.slice/nginx.service",
  ])
  func `the container is found as each runtime writes it`(path: String) throws {
    let text = "0::" + path.replacing("ID", with: Self.id)
    #expect(try decode(text).container == Self.id)
  }

  private static let contained: [(path: String, container: String?, unit: String?)] = [
    ("/lxc.payload.web-1/system.slice/nginx.service", "web-1", nil),
    ("/lxc.payload.web-1", "web-1", nil),
    (
      "/machine.slice/machine-web\\x2d1.scope/payload/init.scope", "web-1",
      "machine-web\\x2d1.scope"
    ),
    ("/lxc.payload./a.service", nil, "a.service"),
    (
      "/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service", nil,
      "systemd-nspawn@web.service"
    ),
    ("/system.slice/docker-ID.scope/system.slice/nginx.service", "ID", "docker-ID.scope"),
    ("/system.slice/web.service/libpod-payload-ID", "ID", "web.service"),
  ]

  @Test(arguments: contained)
  func `what is in a container is no unit of this host`(
    path: String, container: String?, unit: String?
  ) throws {
    let cgroup = try decode("0::" + path.replacing("ID", with: Self.id))
    #expect(cgroup.container == container?.replacing("ID", with: Self.id))
    #expect(cgroup.unit == unit?.replacing("ID", with: Self.id))
  }

  @Test(arguments: [
    "/docker/IDa", "/docker/aID", "/machine.slice/libpod-conmon-ID.scope",
    "/docker/0123", "/system.slice/nginx.service",
    "/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
  ])
  func `what only looks like a container's id is none`(path: String) throws {
    let text = "0::" + path.replacing("ID", with: Self.id)
    #expect(try decode(text).container == nil)
  }

  @Test func `version 1 takes the path of systemd`() throws {
    let text = "9:name=systemd:/system.slice/a.service\n4:memory:/b\n1:cpu,cpuacct:/c\n"
    let cgroup = try decode(text)
    #expect(cgroup.path == "/system.slice/a.service")
    #expect(cgroup.unifiedPath == nil)
  }

  @Test func `cgroup2 that is mounted and unused does not hide the path of systemd`() throws {
    let cgroup = try decode("9:name=systemd:/system.slice/a.service\n0::/\n")
    #expect(cgroup.path == "/system.slice/a.service")
    #expect(cgroup.unifiedPath == "/")
  }

  @Test func `cgroup2 goes before systemd's own hierarchy`() throws {
    let cgroup = try decode("1:name=systemd:/old\n0::/system.slice/a.service\n")
    #expect(cgroup.path == "/system.slice/a.service")
    #expect(cgroup.unifiedPath == "/system.slice/a.service")
  }

  @Test func `a container's id is also taken from another controller`() throws {
    let cgroup = try decode("4:memory:/docker/\(Self.id)\n0::/\n")
    #expect(cgroup.container == Self.id)
    #expect(cgroup.path == "/")
  }

  @Test func `an empty file names nothing`() throws {
    let cgroup = try decode("")
    #expect(cgroup.path == nil && cgroup.unit == nil && cgroup.container == nil)
  }
}
