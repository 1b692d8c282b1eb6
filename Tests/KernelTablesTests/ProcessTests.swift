// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@Suite struct ProcessTests {
  private func process(_ image: UInt64, _ executable: String?) -> ProcessRecord {
    var process = ProcessRecord(id: ProcessID(pid: 812, startTicks: 1))
    process.imageID = image
    process.executable = executable
    return process
  }

  @Test(
    arguments: [
      (7, "/a", 7, "/a", true), (7, nil, 7, nil, true), (7, "/a", 7, nil, true),
      (7, "/a", 9, "/a", false), (7, nil, 9, nil, false), (7, "/a", 7, "/b", false),
      (0, "/a", 9, "/a", true), (7, "/a", 0, "/a", true), (0, "/a", 0, "/a", true),
      (0, "/a", 0, "/b", false), (0, nil, 0, nil, false), (0, "/a", 0, nil, false),
    ] as [(UInt64, String?, UInt64, String?, Bool)])
  func `an image is shared when both numbers say so, or, without one, both executables`(
    image: UInt64, executable: String?, otherImage: UInt64, otherExecutable: String?,
    isShared: Bool
  ) {
    let one = process(image, executable)
    let other = process(otherImage, otherExecutable)
    #expect(one.sharesImage(with: other) == isShared)
    #expect(other.sharesImage(with: one) == isShared)
  }
}
