// SPDX-License-Identifier: Apache-2.0

/// What programs are built on, as their stacks name it: the one place that says so.
enum LibraryCode {
  /// Folders of which the libraries are the system's. What lies deeper is a plug-in, and may be
  /// what leaks.
  static let libraryFolders = [
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
  ]

  /// How the names of libraries begin that are libc, a runtime, or what sockets are often read
  /// with, wherever they lie.
  static let libraries = [
    "[vdso]", "ld-", "ld.", "libBlocksRuntime.", "libFoundation", "lib_Foundation", "libSystem.",
    "libc++", "libc-", "libc.", "libclrjit.", "libcoreclr.", "libcrypto.", "libdispatch.", "libdl.",
    "libev-", "libev.", "libevent", "libgcc_s.", "libhostfxr.", "libhostpolicy.", "libjava.",
    "libjvm.", "libm.", "libnet.", "libnio.", "libnode.", "libperl.", "libphp", "libpthread",
    "libpython", "librt.", "libruby", "libssl.", "libstdc++.", "libswift", "libuv.", "libv8",
    "linux-vdso",
  ]

  /// Programs that run the code of others, without the version that their names may end with.
  static let interpreters: Set<String> = [
    "beam.smp", "bun", "deno", "dotnet", "java", "node", "nodejs", "perl", "php", "php-cgi",
    "php-fpm", "pypy", "python", "ruby", "uwsgi",
  ]

  /// What the files have in their path that a package manager has put there, or that came with a
  /// language.
  static let folders = [
    // Go: what `go get` has fetched. Go, PHP and Ruby: what a program keeps a copy of.
    "/pkg/mod/", "/vendor/",
    // CPython and its packages.
    "/lib/python2.", "/lib/python3", "/lib64/python3", "/site-packages/", "/dist-packages/",
    "<frozen ",
    // Node.
    "node:", "/node_modules/",
    // Rust.
    "/rustc/", "/rustlib/", "/.cargo/registry/", "/.cargo/git/", "/cargo/registry/", "/cargo/git/",
    "library/alloc/src/",
    "library/core/src/", "library/std/src/",
    // Swift.
    "/.build/checkouts/", "/SourcePackages/checkouts/", "/swift-corelibs-",
    // Ruby, PHP, Erlang, .NET.
    "/lib/ruby/", "/x86_64-linux-gnu/ruby/", "/gems/", "/usr/share/php/", "/lib/erlang/",
    "/.nuget/",
    // C and C++.
    "/usr/include/", "/sysdeps/", "/nptl/", "/csu/",
  ]

  /// What frames without a source file, and those of the JVM, begin with.
  static let prefixes = [
    // The JVM, and what servers run on.
    "akka.", "clojure.", "com.sun.", "groovy.", "io.grpc.", "io.micronaut.", "io.netty.",
    "io.undertow.", "io.vertx.", "jakarta.", "java.", "javax.", "jdk.", "kotlin.", "kotlinx.",
    "okhttp3.", "okio.", "org.apache.catalina.", "org.apache.coyote.", "org.apache.http.",
    "org.apache.hc.", "org.apache.tomcat.", "org.eclipse.jetty.", "org.glassfish.",
    "org.hibernate.", "org.jboss.", "org.springframework.", "org.xnio.", "reactor.", "scala.",
    "sun.",
    // C++ and Rust.
    "__gnu_cxx::", "__rust_", "alloc::", "async_std::", "boost::", "core::", "hyper::", "mio::",
    "std::", "tokio::",
    // Swift.
    "Dispatch.", "Foundation.", "FoundationEssentials.", "NIOCore.", "NIOHTTP1.", "NIOPosix.",
    "Swift.", "_Concurrency.",
    // Go.
    "runtime.",
  ]

  /// Where every program and every thread begins, also in a program with a libc of its own.
  static let functions: Set<String> = [
    "__clone", "__clone3", "__libc_start_call_main", "__libc_start_main",
    "__libc_start_main_impl", "_start", "clone", "clone3", "start_thread",
  ]

  /// The standard library of Go: the first element of its packages. Those of all others begin with
  /// the name of a module.
  static let goPackages: Set<Substring> = [
    "archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database",
    "debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image",
    "index", "internal", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin",
    "reflect", "regexp", "runtime", "slices", "sort", "strconv", "strings", "structs", "sync",
    "syscall", "testing", "text", "time", "type", "unicode", "unique", "unsafe", "vendor", "weak",
  ]
}
