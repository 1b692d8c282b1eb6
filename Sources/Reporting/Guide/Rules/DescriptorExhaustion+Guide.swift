// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// `descriptor-exhaustion`: a process will hit its limit of open files.
extension DescriptorExhaustion: RuleGuide {
  package static let summary = "a process reaches its limit of open files"
  package static let messageIDs = MessageIDs(
    firing: "f9ecfc8c78304df2bbb80d6109717d4a", worsened: "adaf1d49f2d14d14b5a265552f1ac21d",
    resolved: "5f276b66f4334fa49584b3fa3d3f7b81")
  package static let sysctls: [String] = []

  package static func text(_ subject: GuideSubject) -> GuideText {
    GuideText(
      title: "The process runs out of descriptors",
      meaning: """
        The process is near its limit of open files (RLIMIT_NOFILE). At the limit accept(), \
        socket() and open() fail with EMFILE: "Too many open files".
        """,
      look: [
        GuideStep.descriptorRoom,
        "See what kind of descriptors they are (IPv4 and IPv6 are sockets, REG files):\n"
          + "lsof -nP -p {pid} -Ft | grep ^t | sort | uniq -c | sort -rn",
      ] + subject.look(.descriptors),
      rescue: subject.rescue(.descriptors),
      fix: subject.fix(
        .descriptors,
        author: ["First fix what leaks. The right limit fits the peak number of connections."])
        + [
          "systemd: LimitNOFILE= in the unit (systemctl edit), then restart. limits.conf does not "
            + "apply."
        ] + limit(subject),
      doesNotHelp: [
        Futile(
          "ulimit -n in a shell, or /etc/security/limits.conf",
          why: """
            Both act on what is started from a login afterwards. A running process keeps its \
            limit, a systemd service never reads them.
            """),
        Futile(
          "Raising fs.file-max",
          why: """
            That is the limit of the whole host (ENFILE). EMFILE comes from the limit of the \
            process.
            """),
        FutileAdvice.destroyKeepsDescriptor,
      ])
  }

  private static func limit(_ subject: GuideSubject) -> [String] {
    guard subject.reader == .author else { return [] }
    return switch subject.runtime {
    case .jvm: ["The JVM raises its soft limit to the hard one by itself: set the hard limit."]
    case .native, .unknown:
      ["Programs with select(2) break above 1024: raise only with poll/epoll."]
    default: []
    }
  }
}
