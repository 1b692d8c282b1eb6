// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tracing

/// Names that rustc 1.95 has given, and some of RFC 2603.
@Suite struct RustNameTests {
  @Test(
    arguments: [
      ("_RNvCs4ihprQr4K34_3tok6handle", "tok::handle"),
      ("_RNCNvCs4ihprQr4K34_3tok6handle0B3_.llvm.7635950715167497236", "tok::handle::{closure#0}"),
      (
        "_RNvXs1_NtNtCsjrHSEGnQ3l9_3std3net3tcpRNtB5_9TcpStreamNtNtB9_2io4Read4read",
        "<&std::net::tcp::TcpStream as std::io::Read>::read"
      ),
      (
        "_RNvMNtNtNtCsGbUfJju7ye_5tokio3net3tcp6streamNtB2_9TcpStream14poll_read_priv",
        "<tokio::net::tcp::stream::TcpStream>::poll_read_priv"
      ),
      (
        "_RNvNvMs0_NtNtNtCsjrHSEGnQ3l9_3std3sys6thread4unixNtB7_6Thread3new12thread_start",
        "<std::sys::thread::unix::Thread>::new::thread_start"
      ),
      (
        """
        _RNvMs4_NtNtNtCsGbUfJju7ye_5tokio7runtime4task4coreINtB5_4CoreNCNvCs4ihprQr4K34_3tok6\
        handle0INtNtCslNYArtu3iFV_5alloc4sync3ArcNtNtNtB9_9scheduler14current_thread6HandleEE4\
        pollB11_
        """,
        """
        <tokio::runtime::task::core::Core<tok::handle::{closure#0}, \
        alloc::sync::Arc<tokio::runtime::scheduler::current_thread::Handle>>>::poll
        """
      ),
      ("_RINvNtC3std3mem8align_ofjdE", "std::mem::align_of::<usize, f64>"),
      ("_RINvC1a1fKj1f_KbLb1_E", nil),
      ("_RINvC1a1fKj1f_Kb1_E", "a::f::<31, true>"),
      ("_RINvC1a1fFG_RL0_hEuE", "a::f::<for<'_0> fn(&'_0 u8)>"),
      ("_RINvC1a1fDNtC1b1Tp4ItemhEL_E", "a::f::<dyn b::T<Item = u8>>"),
      ("_RINvC1a1fTRShQAtj3_EE", "a::f::<(&[u8], &mut [u16; 3])>"),
    ] as [(String, String?)])
  func `a name is read as people write it`(symbol: String, name: String?) {
    #expect(RustName.readable(symbol) == name)
  }

  @Test(arguments: [
    "", "_R", "_ZN3tok6handleE", "_RNv", "_RNvC3tok99handle", "_RB_", "_RNvB_1f",
    // Each refers back to two of the one before.
    "_RINvC1a1fTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTuuEB8_EB7_EB6_EB5_EB4_EB3_EB2_EB1_EB0_E",
    "_RINvC1a1f" + String(repeating: "R", count: 100_000) + "hE",
  ])
  func `what is no such name is none`(symbol: String) {
    #expect(RustName.readable(symbol) == nil)
  }

  @Test func `any bytes do no harm`() {
    var random = SystemRandomNumberGenerator()
    let letters = Array("NvCMXYIBERTSADFQOPKLGsu_0123abcpE")
    for _ in 0..<20_000 {
      let body = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
        letters[Int.random(in: 0..<letters.count, using: &random)]
      }
      let name = RustName.readable("_R" + String(body))
      #expect(name?.utf8.count ?? 0 <= 2048)
    }
  }
}
