// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What the operator of one program can do about it: for programs that people install rather than
/// write. One value in one file for each, in `Programs/`, from its official documentation.
package struct ProgramGuide: Hashable, Sendable {
  /// What `explain --for` takes: `postgresql`.
  package let id: String
  /// As its own documentation writes it.
  package let name: String
  /// How its processes are told from others.
  let processes: ProcessNames
  /// What to look at in this program, whatever its trouble. The form is that of ``GuideText/now``.
  let look: [String]
  /// What is special to one trouble. For the rest its operator gets ``OperatorAdvice``.
  let advice: [ProgramTrouble: ProgramAdvice]
  /// In place of the restart of its unit, where that is wrong or not enough.
  let restart: [String]?
  /// Where it is documented.
  package let sources: [String]

  init(
    _ id: String, name: String, processes: ProcessNames, look: [String],
    advice: [ProgramTrouble: ProgramAdvice], restart: [String]? = nil, sources: [String]
  ) {
    self.id = id
    self.name = name
    self.processes = processes
    self.look = look
    self.advice = advice
    self.restart = restart
    self.sources = sources
  }

  /// The program that a process runs; nil when it is none of ``all``.
  package static func of(_ process: ProcessRecord) -> ProgramGuide? {
    all.first { $0.processes.match(process) }
  }

  /// The program of this id, or of this process name: `postgres`, `php-fpm8.2`.
  package static func named(_ word: String) -> ProgramGuide? {
    let key = word.lowercased()
    return all.first { $0.id == key } ?? all.first { $0.processes.hasName(key) }
  }

  package static let all: [ProgramGuide] = [
    apacheHTTPD, dockerProxy, elasticsearch, envoy, etcd, haproxy, jetty, kafka, lighttpd, mariaDB,
    memcached, mosquitto, nginx, pgBouncer, phpFPM, postgreSQL, rabbitMQ, redis, squid, sshd,
    tinyproxy, tomcat, varnish, zooKeeper,
  ]
}

/// What can go wrong with a packaged program's connections, as its operator would say it.
package enum ProgramTrouble: String, Hashable, Sendable, CaseIterable {
  /// Clients have gone, and their connections stay.
  case goneClients
  /// Connections of clients that nobody uses.
  case idleClients
  /// Clients that do not read what they are sent.
  case slowClients
  /// Connections that it does not accept.
  case fullQueue
  /// It has said its last word, and waits for the peer to close.
  case halfClosed
  /// Connections that it opened and does not end.
  case backends
  /// Connections that it opens too often, or that nobody answers.
  case connecting
  /// Descriptors run out.
  case descriptors
}

/// The advice for one trouble of one program. Each part has the form that ``GuideText`` gives it.
struct ProgramAdvice: Hashable, Sendable {
  /// What saves the service now, in this program.
  var rescue: [String] = []
  /// What to look at, before ``ProgramGuide/look``.
  var look: [String] = []
  /// The settings that keep it from coming back.
  var fix: [String]
}
