// SPDX-License-Identifier: Apache-2.0

/// Who it is, whole or within some columns: the pid is in it always, for nobody can act on half of
/// one. Its parts are fit for a line of output.
struct WhoWords {
  /// What the process calls itself; where no process is known, what is known instead.
  var name: String
  /// What an interpreter runs.
  var main: String?
  var pid: Int32?
  /// How many processes have as much to do with it.
  var others = 0
  /// The unit or the container.
  var home: String?
  /// Who has opened the sockets, where that is another program.
  var opener: String?

  init(_ name: String) { self.name = name }

  /// `python3 app.py[4711] and 3 more in api.service, opened by deploy[4700]`.
  var whole: String { inHome + (opener.map { ", opened by " + $0 } ?? "") }

  private var inHome: String {
    fullName + number + (others > 0 ? " and \(others) more" : "") + (home.map { " in " + $0 } ?? "")
  }

  private var fullName: String { main.map { name + " " + $0 } ?? name }
  private var number: String { pid.map { "[\($0)]" } ?? "" }

  /// As much of it as there is room for, what is least needed left out first.
  func within(_ columns: Int, unicode: Bool) -> String {
    let rest = others > 0 ? " +\(others)" : ""
    let place = home.map { " in " + $0 } ?? ""
    let suffix = ".service"
    let shortPlace = place.hasSuffix(suffix) ? String(place.dropLast(suffix.count)) : place
    let program = main ?? name
    let forms = [
      whole, inHome, fullName + number + rest + place, program + number + rest + place,
      program + number + rest + shortPlace, program + number + shortPlace,
      program + number + rest, program + number,
    ]
    if let fit = forms.first(where: { UntrustedText.columns($0) <= columns }) { return fit }
    let room = max(1, columns - UntrustedText.columns(number))
    return UntrustedText.cut(program, columns: room, unicode: unicode) + number
  }
}
