// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "closewatch",
  products: [.executable(name: "closewatch", targets: ["closewatch"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
  ],
  targets: [
    // Pure: kernel bytes to dated, typed values, or exactly why not. No Glibc, no clock.
    .target(name: "KernelTables", swiftSettings: strict),
    // Pure: samples to census to findings. No prose, no clock, no I/O.
    .target(name: "Diagnosis", dependencies: ["KernelTables"], swiftSettings: strict),
    // Pure: findings to text, JSON, fields and advice. Cannot change a verdict.
    .target(name: "Reporting", dependencies: ["Diagnosis", "KernelTables"], swiftSettings: strict),
    // Headers only: the kernel's structures and the calls that Glibc's module lacks.
    .target(name: "CLinuxDiag"),
    // The only target that makes system calls.
    .target(
      name: "LinuxHost", dependencies: ["CLinuxDiag", "KernelTables"], swiftSettings: strict),
    // Commands, settings, wiring: the only target that reads argv, logs and exits.
    .executableTarget(
      name: "closewatch",
      dependencies: ["Diagnosis", "KernelTables", "LinuxHost", "Reporting", argumentParser],
      swiftSettings: strict),

    // What several test targets need: goldens, builders, network namespaces, the lab.
    .target(
      name: "TestSupport", dependencies: ["KernelTables"], path: "Tests/TestSupport",
      swiftSettings: strict),
    // The laboratory: builds sockets of every kind in a network namespace of its own. Tests only.
    .executableTarget(name: "SocketLab", path: "Tests/SocketLab"),
    // One look of the live host, as lines, for tests that run it as another user. Tests only.
    .executableTarget(
      name: "HostProbe", dependencies: ["KernelTables", "LinuxHost"], path: "Tests/HostProbe",
      swiftSettings: strict),
    // Hosts that exist only as numbers, living through days: what the rules say of them. Tests only.
    .target(
      name: "Simulation", dependencies: ["Diagnosis", "KernelTables"], path: "Tests/Simulation",
      swiftSettings: strict),
    .executableTarget(
      name: "Simulate", dependencies: ["Diagnosis", "Simulation"], path: "Tests/Simulate",
      swiftSettings: strict),
    .testTarget(
      name: "KernelTablesTests", dependencies: ["KernelTables", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "DiagnosisTests",
      dependencies: ["Diagnosis", "KernelTables", "Simulation", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ReportingTests",
      dependencies: ["Diagnosis", "KernelTables", "Reporting", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "LinuxHostTests",
      dependencies: [
        "CLinuxDiag", "HostProbe", "KernelTables", "LinuxHost", "SocketLab", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests", dependencies: ["closewatch", "KernelTables", "TestSupport"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
