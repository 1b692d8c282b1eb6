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

let lifecycle: [Target.Dependency] = [
  .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
  .product(name: "UnixSignals", package: "swift-service-lifecycle"),
  .product(name: "Logging", package: "swift-log"),
]

let http: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
  .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["TLS"])),
]

// What the packages below need in turn: named so that a build of tomorrow has the same versions.
// No target uses them itself, which SwiftPM remarks on.
let pinned: [Package.Dependency] = [
  .package(url: "https://github.com/apple/swift-algorithms.git", exact: "1.2.1"),
  .package(url: "https://github.com/apple/swift-asn1.git", exact: "1.7.4"),
  .package(url: "https://github.com/apple/swift-async-algorithms.git", exact: "1.1.4"),
  .package(url: "https://github.com/apple/swift-atomics.git", exact: "1.3.0"),
  .package(url: "https://github.com/apple/swift-certificates.git", exact: "1.21.1"),
  .package(url: "https://github.com/apple/swift-collections.git", exact: "1.6.0"),
  .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
  .package(url: "https://github.com/apple/swift-http-structured-headers.git", exact: "1.7.0"),
  .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
  .package(url: "https://github.com/apple/swift-nio-http2.git", exact: "1.46.0"),
  .package(url: "https://github.com/apple/swift-numerics.git", exact: "1.1.1"),
  .package(url: "https://github.com/apple/swift-system.git", exact: "1.8.1"),
]

let package = Package(
  name: "closewatch",
  products: [
    .executable(name: "closewatch", targets: ["closewatch"]),
    .executable(name: "closewatchd", targets: ["closewatchd"]),
    .executable(name: "closewatch-trace", targets: ["closewatch-trace"]),
    // Tests only: a library of its own, so that it can be preloaded.
    .library(name: "ClockShift", type: .dynamic, targets: ["ClockShift"]),
  ],
  traits: [
    // BoringSSL takes minutes to build: a plain build does without and refuses a tls_server_config.
    .trait(name: "TLS", description: "HTTPS for the daemon's web endpoint (swift-nio-ssl).")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ] + pinned,
  targets: [
    // Pure: kernel bytes to dated, typed values, or exactly why not. No Glibc, no clock.
    .target(name: "KernelTables", swiftSettings: strict),
    // Pure: samples to census to findings. No prose, no clock, no I/O.
    .target(name: "Diagnosis", dependencies: ["KernelTables"], swiftSettings: strict),
    // Pure: findings to text, JSON, fields and advice. Cannot change a verdict.
    .target(name: "Reporting", dependencies: ["Diagnosis", "KernelTables"], swiftSettings: strict),
    // Pure: what a trace saw of stacks and sockets, to code paths and their report. No system call.
    .target(
      name: "Tracing", dependencies: ["Diagnosis", "KernelTables", "Reporting"],
      swiftSettings: strict),
    // C: libbpf, which puts a trace's programs into the kernel, and libdw, which reads stacks.
    .target(
      name: "CTrace",
      linkerSettings: ["bpf", "dw", "elf", "stdc++"].map { .linkedLibrary($0) }),
    // The programs in the kernel. They are compiled for its virtual machine and carried as bytes.
    .target(
      name: "TraceProbe", exclude: ["Programs"], swiftSettings: strict,
      plugins: ["CompileProbe"]),
    .plugin(
      name: "CompileProbe", capability: .buildTool(), dependencies: ["ProbeCompiler"],
      path: "Sources/CompileProbe"),
    .executableTarget(
      name: "ProbeCompiler", swiftSettings: strict),
    // C: the kernel's structures and the calls that Glibc's module lacks.
    .target(name: "CLinuxDiag"),
    // Debian's libsystemd-dev and libyaml-dev.
    // Without pkg-config, which would name the system's folder of libraries before ours.
    .systemLibrary(name: "CSystemd", providers: [.apt(["libsystemd-dev"])]),
    .systemLibrary(name: "CYaml", providers: [.apt(["libyaml-dev"])]),
    // crypt_r(3), for the bcrypt hashes of basic_auth_users: libcrypt-dev.
    .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
    // C: what is linked into the daemon and the tracer so that they start on older and other
    // distributions.
    .target(
      name: "CGlibcFloor",
      exclude: [
        "libbpf.so", "libcrypt.so", "libdw.so", "libelf.so", "libstdc++.so", "libyaml.so",
        "libz.so",
      ]),
    // The only target that makes system calls.
    .target(
      name: "LinuxHost", dependencies: ["CLinuxDiag", "KernelTables"], swiftSettings: strict),
    // Pure: what can be set of the daemon, with its default and reason. No file, no environment.
    .target(
      name: "Settings", dependencies: ["Diagnosis", "KernelTables", "Reporting"],
      swiftSettings: strict),
    // What both programs share at their edge: how they are called, write, end, and talk to each
    // other. Nothing of HTTP, YAML or systemd.
    .target(
      name: "Console",
      dependencies: ["KernelTables", "LinuxHost", "Reporting", "Settings", argumentParser],
      swiftSettings: strict),
    // The command: little is linked, and a release is one static file, which starts three times as
    // fast and runs on any Linux that it is copied to. lld does not warn of what static glibc can't
    // do, which is looking up users: only the daemon does that.
    .executableTarget(
      name: "closewatch",
      dependencies: [
        "Console", "Diagnosis", "KernelTables", "LinuxHost", "Reporting", "Settings",
        argumentParser,
      ],
      swiftSettings: strict,
      linkerSettings: [
        .unsafeFlags(["-static-executable", "-use-ld=lld"], .when(configuration: .release))
      ]),
    // The daemon: HTTP, settings files, the journal, the service manager. Of a release only
    // libsystemd and glibc are loaded: of other libraries the archives are linked in.
    .executableTarget(
      name: "closewatchd",
      dependencies: [
        "CCrypt", "CGlibcFloor", "CSystemd", "CYaml", "Console", "Diagnosis", "KernelTables",
        "LinuxHost", "Reporting", "Settings", argumentParser,
      ] + lifecycle + http,
      swiftSettings: strict,
      linkerSettings: [
        .unsafeFlags(
          ["-use-ld=lld", "-L", "\(Context.packageDirectory)/Sources/CGlibcFloor"],
          .when(configuration: .release))
      ]),
    // The tracer: libbpf and libdw, which neither the command nor the daemon carries. Of a release
    // only glibc is loaded.
    .executableTarget(
      name: "closewatch-trace",
      dependencies: [
        "CGlibcFloor", "CLinuxDiag", "CTrace", "Console", "Diagnosis", "KernelTables",
        "LinuxHost", "Reporting", "Settings", "TraceProbe", "Tracing", argumentParser,
      ],
      swiftSettings: strict,
      linkerSettings: [
        .unsafeFlags(
          ["-use-ld=lld", "-L", "\(Context.packageDirectory)/Sources/CGlibcFloor"],
          .when(configuration: .release))
      ]),
    // Writes what is generated below deploy: manual, completions, settings file and so on. Run by
    // deploy/generate, never installed.
    .executableTarget(
      name: "closewatch-files", dependencies: ["Diagnosis", "Reporting", "Settings"],
      path: "Sources/PackageFiles", swiftSettings: strict),

    // What several test targets need: goldens, builders, network namespaces, the lab.
    .target(
      name: "TestSupport", dependencies: ["KernelTables"], path: "Tests/TestSupport",
      swiftSettings: strict),
    // The laboratory: builds sockets of every kind in a network namespace of its own. Tests only.
    .executableTarget(name: "SocketLab", path: "Tests/SocketLab"),
    // Sets the clock of one program, for tests that run the daemon with it. Tests only.
    .target(name: "ClockShift", path: "Tests/ClockShift"),
    // A file system that stops answering, with programs that run from it. Tests only.
    .executableTarget(name: "SilentFiles", path: "Tests/SilentFiles"),
    // One look of the live host, as lines, for tests that run it as another user. Tests only.
    .executableTarget(
      name: "HostProbe", dependencies: ["KernelTables", "LinuxHost"], path: "Tests/HostProbe",
      swiftSettings: strict),
    // Tests only: hosts that exist as numbers, living through days, and what the rules say of them.
    .target(
      name: "Simulation", dependencies: ["Diagnosis", "KernelTables", "Settings"],
      path: "Tests/Simulation", swiftSettings: strict),
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
      name: "TracingTests",
      dependencies: [
        "CLinuxDiag", "closewatch-trace", "Diagnosis", "KernelTables", "LinuxHost", "Reporting",
        "TestSupport", "Tracing",
      ],
      exclude: ["Programs"], swiftSettings: strict),
    .testTarget(
      name: "LinuxHostTests",
      dependencies: [
        "CLinuxDiag", "HostProbe", "KernelTables", "LinuxHost", "SilentFiles", "SocketLab",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "CLinuxDiag", "closewatch", "closewatch-trace", "closewatchd", "Console", "Diagnosis",
        "KernelTables", "LinuxHost", "Reporting", "Settings", "SocketLab", "TestSupport",
        argumentParser,
      ],
      swiftSettings: strict),
    // The rules of the house, held against the source tree. Depends on nothing, so that it is built
    // in seconds: CLOSEWATCH_TESTS=TidyTests swift test.
    .testTarget(name: "TidyTests", swiftSettings: strict),
    .testTarget(
      name: "PackageFilesTests",
      dependencies: [
        "closewatch", "closewatch-files", "Diagnosis", "Reporting", "Settings", "TestSupport",
      ],
      swiftSettings: strict),
    // The installed program and its neighbours: booted, scraped, browsed, driven at a terminal.
    // Knows nothing of the inside; run one at a time, after the others.
    .testTarget(
      name: "SystemTests",
      dependencies: [
        "closewatch", "closewatchd", "KernelTables", "SilentFiles", "SocketLab", "TestSupport",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// CLOSEWATCH_TESTS="DiagnosisTests ReportingTests" swift test: only these test targets are built,
// for a quick turn while working on one part. All of them take minutes.
if let wanted = Context.environment["CLOSEWATCH_TESTS"]?.split(separator: " ") {
  package.targets.removeAll { $0.type == .test && !wanted.contains(Substring($0.name)) }
}
