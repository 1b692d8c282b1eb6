// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// The life of a TCP socket as a drawing in ASCII, at most 77 columns wide.
enum StateDiagram {
  /// The lines; `state` stands in square brackets.
  static func lines(marking state: TCPState?) -> [String] {
    drawing.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard let state else { return String(line) }
      return marked(String(line), state.name)
    }
  }

  /// Every name in the drawing has a blank before and behind it: that is where the brackets go.
  /// Every name in the drawing has a blank before it, and one or the end of the line behind it:
  /// that is where the brackets go.
  private static func marked(_ line: String, _ name: String) -> String {
    var characters = Array(line + " ")
    let wanted = Array(" \(name) ")
    guard characters.count >= wanted.count else { return line }
    for start in 0...(characters.count - wanted.count)
    where Array(characters[start..<start + wanted.count]) == wanted {
      characters[start] = "["
      characters[start + wanted.count - 1] = "]"
      return String(characters.last == " " ? characters.dropLast() : characters[...])
    }
    return line
  }

  private static let drawing = """
     THIS SIDE CALLS                              THE PEER CALLS
     connect()                                    listen() here
        |                                            |
        v                                            v
      SYN_SENT                                     LISTEN
        |                                            |  the peer's SYN
        |  the peer's SYN-ACK                        v
        |                                          SYN_RECV
        |                                            |  the peer's ACK
        +--------------->  ESTABLISHED  <------------+
                             |      |
        this side closes     |      |     the peer closes
        +--------------------+      +----------------+
        |  our FIN                                   |  its FIN
        v                                            v
      FIN_WAIT1 ----------------> CLOSING          CLOSE_WAIT
        |      its FIN crosses      |                |
        |  ACK                      |                |  close() HERE, and
        v                           |  ACK           v  nothing else. No timer.
      FIN_WAIT2                     |              LAST_ACK
        |                           |                |
        |  the peer closes          |                |  ACK
        v                           |                v
      TIME_WAIT <-------------------+              (gone)
        |
        |  60 s, by the kernel
        v
      (gone)          A reset ends any of them: CLOSE - in no table. A
                      descriptor that is open stays open.
    """
}
