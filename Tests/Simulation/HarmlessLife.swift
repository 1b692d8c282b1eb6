// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Every kind of harmless life, each with parameters drawn by chance.
enum HarmlessLife {
  /// One kind: makes one activity of it on a host.
  struct Kind: Sendable {
    var name: String
    var make: @Sendable (SimulatedHost, String) -> Activity
  }

  static let kinds: [Kind] =
    serverKinds + clientKinds + kernelKinds + onlineKinds
    + fullKinds + burstKinds
  /// What a leak is watched beside: connections that grow in number for a while would hide none.
  static let neighbours: [Kind] = serverKinds + clientKinds + kernelKinds

  /// A process, or a parent with forked workers; a unit, or two programs of one name.
  private static func service(
    _ host: SimulatedHost, _ name: String, limits: [UInt64] = [1024, 65536, 1_048_576]
  ) -> [Int] {
    let isUnit = host.random.chance(0.6)
    let program = isUnit ? "\(name)-\(host.newNumber())" : host.random.chance(0.3) ? "app" : name
    let limit = host.random.pick(limits, or: 65536)
    let master = host.start(program, limit: limit, isUnit: isUnit)
    guard host.random.chance(0.3) else { return [master] }
    return [master]
      + (0..<host.random.integer(2...8)).map { _ in
        host.start(program, parent: master, limit: limit, isUnit: isUnit)
      }
  }

  private static func stays(
    _ name: String, perSecond: ClosedRange<Double>, receiveQueue: UInt32 = 0,
    isInbound: Bool = true, limits: [UInt64] = [1024, 65536, 1_048_576],
    change: @escaping @Sendable (inout Stays.Plan, inout Randomness) -> Void = { _, _ in },
    stay: @escaping @Sendable (inout Randomness) -> (inout Randomness) -> Double
  ) -> Kind {
    Kind(name: name) { host, name in
      var plan = Stays.Plan(
        perSecond: host.random.spread(perSecond), stay: stay(&host.random))
      plan.receiveQueue = receiveQueue
      plan.trough = host.random.uniform(0.1...1)
      change(&plan, &host.random)
      return Stays(
        name, plan, in: host, workers: service(host, name, limits: limits),
        isInbound: isInbound)
    }
  }

  private static let serverKinds: [Kind] = [
    stays("slow-closer", perSecond: 0.01...1) { random in
      let least = random.uniform(0.1...5)
      let most = random.uniform(5...60)
      return { $0.uniform(least...most) }
    },
    stays("slow-handler", perSecond: 0.003...0.3, receiveQueue: 1) { random in
      let mean = random.uniform(5...40)
      return { $0.exponential(mean: mean) }
    },
    stays("long-poll-55", perSecond: 0.01...0.5, receiveQueue: 1) { _ in
      { $0.uniform(25...55) }
    },
    stays("long-poll-90", perSecond: 0.005...0.3, receiveQueue: 1) { _ in
      { $0.uniform(30...90) }
    },
    stays(
      "half-close-stream", perSecond: 0.002...0.05, receiveQueue: 0,
      change: { plan, _ in plan.streamingShare = 1 }
    ) { random in
      let mean = random.uniform(60...900)
      return { $0.exponential(mean: mean) }
    },
    stays("half-close-compute", perSecond: 0.002...0.05) { random in
      let most = random.uniform(20...180)
      return { $0.uniform(5...most) }
    },
    stays("websocket-ping", perSecond: 0.01...0.5, receiveQueue: 1) { random in
      let interval = random.pick([20, 30, 60], or: 30.0)
      return { $0.uniform(0...interval) }
    },
    stays(
      "gc-pause", perSecond: 0.1...2, receiveQueue: 1,
      change: { plan, random in
        plan.pauseSeconds = 5...30
        plan.pauseEverySeconds = random.spread(600...7200)
      }
    ) { _ in { $0.exponential(mean: 0.5) } },
    stays(
      // 50 a second for half a minute: who has so many has room for them.
      "busy-gc-pause", perSecond: 5...50, receiveQueue: 1, limits: [4096, 65536, 1_048_576],
      change: { plan, random in
        plan.pauseSeconds = 5...30
        plan.pauseEverySeconds = random.spread(3600...40000)
      }
    ) { _ in { $0.uniform(0...0.02) } },
    Kind(name: "deploy-burst") { host, name in
      var plan = Bursts.Plan(
        everySeconds: host.random.spread(3600...86400), size: 30...3000, withinSeconds: 0.2...3,
        drainSeconds: 1...40)
      plan.restSeconds = 0...20
      plan.receiveQueue = host.random.pick([0, 1, 400], or: UInt32(1))
      // Who has so many clients has room for them.
      let workers = service(host, name, limits: [65536, 1_048_576])
      return Bursts(name, plan, in: host, workers: workers)
    },
    Kind(name: "graceful-drain") { host, name in
      var plan = Bursts.Plan(
        everySeconds: host.random.spread(7200...86400), size: 5...100, withinSeconds: 1...60,
        drainSeconds: 30...110)
      plan.receiveQueue = 0
      return Bursts(name, plan, in: host, workers: service(host, name))
    },
    Kind(name: "accept-hiccup") { host, name in
      var plan = Bursts.Plan(
        everySeconds: host.random.spread(1800...36000), size: 2...100, withinSeconds: 1...10,
        drainSeconds: 0.1...3)
      plan.isQueued = true
      return Bursts(name, plan, in: host, workers: service(host, name))
    },
  ]

  private static let clientKinds: [Kind] =
    [pool("lifo-pool", true), pool("fifo-pool", false)] + [
      Kind(name: "large-pool") { host, name in
        // Larger than common pools, and first in, first out: all of it is used again and again.
        let size = Int(host.random.spread(101...400))
        let idle = host.random.spread(5...60)
        let use = host.random.spread(0.05...5)
        let plan = ClientPool.Plan(
          size: size, isLastInFirstOut: false,
          concurrency: Double(size) * host.random.uniform(0.1...0.9), useSeconds: use,
          idleSeconds: idle, receiveQueue: host.random.pick([0, 1, 25], or: 1),
          evictSeconds: .infinity, trough: host.random.uniform(0.3...1),
          wander: host.random.uniform(0...0.5), jitter: host.random.pick([0.3, 1], or: 1))
        return ClientPool(
          name, plan, in: host, workers: service(host, name, limits: [4096, 65536, 1_048_576]))
      },
      Kind(name: "half-closed-tunnel") { host, name in
        let plan = HalfClosedTunnel.Plan(
          jobs: host.random.integer(1...30), everySeconds: host.random.spread(300...7200),
          workSeconds: 30...host.random.spread(60...1200))
        return HalfClosedTunnel(name, plan, in: host, workers: service(host, name))
      },
      Kind(name: "worker-ramp") { host, name in
        let plan = WorkerRamp.Plan(
          workers: host.random.integer(2...64), rampSeconds: host.random.spread(10...20000),
          useEverySeconds: host.random.spread(30...20000),
          idleSeconds: host.random.spread(5...600),
          receiveQueue: host.random.pick([0, 1, 1, 25, 32], or: 1))
        return WorkerRamp(name, plan, in: host, workers: service(host, name))
      },
      stays(
        "fin-wait-2-lingering", perSecond: 0.005...0.2, isInbound: false,
        change: { plan, _ in plan.state = .finWait2 }
      ) { random in
        let most = random.uniform(2...60)
        return { $0.uniform(0.5...most) }
      },
      stays(
        "upload-answer", perSecond: 0.002...0.02, isInbound: false,
        change: { plan, _ in
          plan.state = .finWait2
          plan.streamingShare = 0.9
        }
      ) { random in
        let mean = random.uniform(20...300)
        return { $0.exponential(mean: mean) }
      },
      Kind(name: "backend-down") { host, name in
        var plan = Bursts.Plan(
          everySeconds: host.random.spread(7200...86400), size: 1...8, withinSeconds: 1...300,
          drainSeconds: 1...2)
        plan.state = .synSent
        plan.receiveQueue = 0
        plan.stay = { $0.uniform(10...127) }
        return Bursts(name, plan, in: host, workers: service(host, name), isInbound: false)
      },
      Kind(name: "cron-burst") { host, name in
        var plan = Bursts.Plan(
          everySeconds: 3600, size: 20...600, withinSeconds: 1...30, drainSeconds: 1...2)
        plan.state = .timeWait
        plan.receiveQueue = 0
        plan.isOrphan = true
        plan.stay = { _ in 60 }
        return Bursts(name, plan, in: host, workers: service(host, name), isInbound: false)
      },
    ]

  private static func pool(_ name: String, _ isLastInFirstOut: Bool) -> Kind {
    Kind(name: name) { host, name in
      let size = Int(host.random.spread(1...100))
      let plan = ClientPool.Plan(
        size: size, isLastInFirstOut: isLastInFirstOut,
        concurrency: Double(size) * host.random.uniform(0.1...1.1),
        useSeconds: host.random.spread(0.05...60), idleSeconds: host.random.spread(5...600),
        receiveQueue: host.random.pick([0, 1, 1, 25, 32], or: 1),
        evictSeconds: host.random.chance(0.3) ? host.random.spread(60...7200) : .infinity,
        trough: host.random.uniform(0.02...1), wander: host.random.uniform(0...0.5),
        jitter: host.random.pick([0, 0.3, 1], or: 1))
      return ClientPool(name, plan, in: host, workers: service(host, name))
    }
  }

  private static let kernelKinds: [Kind] = [
    stays(
      "orphan-fin-wait-2", perSecond: 0.01...0.5,
      change: { plan, _ in
        plan.state = .finWait2
        plan.isOrphan = true
      }
    ) { _ in { $0.chance(0.3) ? 60 : $0.uniform(0.1...60) } },
    stays(
      "server-time-wait", perSecond: 0.05...1,
      change: { plan, _ in
        plan.state = .timeWait
        plan.isOrphan = true
      }
    ) { _ in { _ in 60 } },
    stays(
      "vanished-last-ack", perSecond: 0.001...0.1,
      change: { plan, random in
        plan.state = .lastAck
        plan.isOrphan = true
        plan.opensForEach = 1 / random.spread(0.005...0.05)
      }
    ) { _ in { $0.uniform(50...110) } },
    stays(
      "vanished-fin-wait-1", perSecond: 0.001...0.1,
      change: { plan, random in
        plan.state = .finWait1
        plan.isOrphan = true
        plan.opensForEach = 1 / random.spread(0.005...0.05)
      }
    ) { _ in { $0.uniform(50...110) } },
    Kind(name: "syn-scan") { host, name in
      var plan = Bursts.Plan(
        everySeconds: host.random.spread(3600...86400), size: 1...60, withinSeconds: 1...120,
        drainSeconds: 1...2)
      plan.state = .synRecv
      plan.receiveQueue = 0
      plan.isOrphan = true
      plan.stay = { $0.chance(0.5) ? 63 : $0.uniform(0.01...1) }
      return Bursts(name, plan, in: host, workers: service(host, name))
    },
  ]

  private static let onlineKinds: [Kind] = [
    Kind(name: "devices-online") { host, name in
      // They say who they are, and then nothing for hours.
      var plan = Bursts.Plan(
        everySeconds: host.random.spread(40_000...200_000), size: 20...600,
        withinSeconds: 5...3600, drainSeconds: 60...3600)
      plan.restSeconds = 3600...40_000
      (plan.state, plan.receiveQueue) = (.established, 0)
      return Bursts(
        name, plan, in: host, workers: service(host, name, limits: [4096, 65536, 1_048_576]))
    },
    Kind(name: "filled-pool") { host, name in
      // Opened at the start, before there is any use for them.
      var plan = Bursts.Plan(
        everySeconds: host.random.spread(7200...86400), size: 20...600, withinSeconds: 0.5...60,
        drainSeconds: 1...60)
      plan.restSeconds = 600...20_000
      (plan.state, plan.receiveQueue) = (.established, 0)
      let workers = service(host, name, limits: [4096, 65536, 1_048_576])
      return Bursts(name, plan, in: host, workers: workers, isInbound: false)
    },
    Kind(name: "idle-outbound") { host, name in
      let workers = service(host, name, limits: [4096, 65536, 1_048_576])
      let size = max(2, Int(host.random.spread(5...400)) / workers.count)
      let plan = DriverPool.Plan(
        size: size, isLastInFirstOut: host.random.chance(0.6),
        concurrency: Double(size) * host.random.uniform(0.02...0.9),
        useSeconds: host.random.spread(0.05...20),
        lifetimeSeconds: host.random.chance(0.3) ? host.random.spread(900...7200) : .infinity,
        idleSeconds: host.random.chance(0.3) ? host.random.spread(300...7200) : .infinity,
        trough: host.random.uniform(0.02...1),
        rushEverySeconds: host.random.spread(3600...200_000))
      return DriverPool(name, plan, in: host, workers: workers)
    },
    Kind(name: "proxied-users") { host, name in
      let plan = ProxiedUsers.Plan(
        users: host.random.spread(20...800), staySeconds: host.random.spread(1800...30_000),
        trough: host.random.uniform(0.02...0.5))
      return ProxiedUsers(
        name, plan, in: host, workers: service(host, name, limits: [8192, 65536, 1_048_576]))
    },
  ]

  /// Much for a while, and then none of it.
  private static let burstKinds: [Kind] = [
    Kind(name: "backend-restart") { host, name in
      // Nobody answers for a while; then all are connected, at the latest with the next SYN.
      let outage = host.random.spread(5...60)
      var plan = Bursts.Plan(
        everySeconds: host.random.spread(7200...200_000), size: 5...300,
        withinSeconds: outage / 2...outage, drainSeconds: 1...25)
      plan.state = .synSent
      plan.receiveQueue = 0
      // Down again at once, it answers nobody for longer than a restart takes: an outage.
      plan.leastPauseSeconds = 300
      return Bursts(name, plan, in: host, workers: service(host, name), isInbound: false)
    },
    Kind(name: "batch-job") { host, name in
      let limit = host.random.pick([1024, 4096, 65536], or: UInt64(1024))
      let plan = BatchJob.Plan(
        everySeconds: host.random.spread(7200...86400),
        runSeconds: 60...host.random.spread(120...14_400),
        callsPerSecond: host.random.spread(0.1...10), callSeconds: host.random.spread(0.02...2),
        files: Int(Double(limit) * host.random.uniform(0...0.75)))
      return BatchJob(name, plan, in: host, workers: [host.start(name, limit: limit)])
    },
    Kind(name: "load-test") { host, name in
      let plan = LoadTest.Plan(
        everySeconds: host.random.spread(20_000...200_000), clients: 50...1500,
        rampSeconds: 1...600, runSeconds: 60...3600, closeSeconds: host.random.spread(0.1...20))
      return LoadTest(
        name, plan, in: host, workers: service(host, name, limits: [4096, 65536, 1_048_576]))
    },
  ]

  /// Much of something, and no more of it.
  private static let fullKinds: [Kind] = [
    Kind(name: "descriptor-plateau") { host, name in
      let limit = host.random.pick([1024, 4096, 65536], or: UInt64(1024))
      let plan = DescriptorPlateau.Plan(
        level: Int(Double(limit) * host.random.uniform(0.5...0.98)),
        halfSeconds: host.random.spread(5...3600), wobble: host.random.integer(0...8))
      return DescriptorPlateau(name, plan, in: host, workers: service(host, name, limits: [limit]))
    },
    Kind(name: "devices-for-days") { host, name in
      let plan = DevicesOnline.Plan(
        devices: Int(host.random.spread(30...1500)),
        withinSeconds: host.random.spread(300...40000),
        onlineSeconds: host.random.spread(86400...864_000),
        awaySeconds: host.random.spread(60...36000))
      return DevicesOnline(
        name, plan, in: host, workers: service(host, name, limits: [65536, 1_048_576]))
    },
    Kind(name: "server-at-limit") { host, name in
      let limit = host.random.pick([256, 1024, 2048], or: UInt64(1024))
      let plan = ServerAtLimit.Plan(
        clients: Int(Double(limit) * host.random.uniform(0.4...0.95)) - 20,
        staySeconds: host.random.spread(30...3600), waitSeconds: host.random.spread(0.1...10))
      let worker = host.start(name, limit: limit)
      return ServerAtLimit(name, plan, in: host, workers: [worker])
    },
  ]
}
