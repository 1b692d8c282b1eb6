// SPDX-License-Identifier: Apache-2.0

extension GuideSubject {
  /// What troubles the operator, by who opened the connections.
  func trouble(inbound: ProgramTrouble, outbound: ProgramTrouble = .backends) -> ProgramTrouble {
    direction == .outbound ? outbound : inbound
  }

  /// How to see what the process is doing: by its own commands, or by its stacks.
  func look(_ trouble: ProgramTrouble) -> [String] {
    switch reader {
    case .author: StackDump.steps(runtime)
    case .of(let program):
      // What it says of its clients does not help with what it opened itself.
      program.advice[trouble] == nil && direction == .outbound
        ? OperatorAdvice.look : (program.advice[trouble]?.look ?? []) + program.look
    case .installed: OperatorAdvice.look
    }
  }

  /// The lasting fix: what its author can do, or what its operator can set.
  func fix(_ trouble: ProgramTrouble, author: [String]) -> [String] {
    switch reader {
    case .author: author
    case .of(let program): program.advice[trouble]?.fix ?? OperatorAdvice.fix(trouble)
    case .installed: OperatorAdvice.fix(trouble)
    }
  }

  /// The fix of its author by who opened the connections; both, under a line each, where that is
  /// not known.
  func fix(_ trouble: ProgramTrouble, server: [String], client: [String]) -> [String] {
    let author =
      switch direction {
      case .inbound: server
      case .outbound: client
      case nil:
        ["Where its clients connect to it:"] + server + ["Where it connects itself:"] + client
      }
    return fix(trouble, author: author)
  }

  /// What saves the service without mending it, in the order of what it costs.
  ///
  /// - Parameter room: Whether descriptors are what runs out.
  func rescue(_ trouble: ProgramTrouble, room: Bool = true) -> [String] {
    var steps = direction == .outbound ? [] : [GuideStep.balancer]
    if case .of(let program) = reader, !waitsForBackend {
      steps += program.advice[trouble]?.rescue ?? []
    }
    if needsPorts {
      steps.append(GuideStep.morePorts)
    } else if room, needsDescriptors {
      steps.append(GuideStep.buyTime)
    }
    if case .of(let program) = reader, let restart = program.restart { return steps + restart }
    return steps + GuideStep.restart
  }
}
