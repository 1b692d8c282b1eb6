// SPDX-License-Identifier: Apache-2.0

extension ProcessID {
  package func write(to writer: inout WireWriter) {
    writer.put(pid)
    writer.put(startTicks)
  }

  package init(from reader: inout WireReader) throws(DecodeError) {
    let pid = try reader.get(Int32.self)
    self.init(pid: pid, startTicks: try reader.get())
  }
}

extension ProcessRecord {
  func write(to writer: inout WireWriter) {
    id.write(to: &writer)
    writer.put(parent)
    writer.put(command)
    writer.put(executable) { $0.put($1) }
    writer.put(arguments) { $0.put($1) { $0.put($1) } }
    writer.put(uid) { $0.put($1) }
    writer.put(cgroup) { $0.put($1) }
    writer.put(cgroupID) { $0.put($1) }
    writer.put(unit) { $0.put($1) }
    writer.put(container) { $0.put($1) }
    names.write(to: &writer)
    writer.put(namespace) { $0.put($1.rawValue) }
    writer.put(descriptorCount) { $0.put($1) }
    writer.put(descriptorSoftLimit) { $0.put($1) }
    writer.put(descriptorHardLimit) { $0.put($1) }
    writer.put(case: runtime)
    writer.put(main) { $0.put($1) }
    writer.put(imageID)
    writer.put(isStopped)
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    self.init(id: try ProcessID(from: &reader))
    parent = try reader.get()
    command = try reader.getText()
    executable = try reader.getOptionalText()
    arguments = try reader.getOptional { reader throws(DecodeError) in
      try reader.getArray { reader throws(DecodeError) in try reader.getText() }
    }
    uid = try reader.getOptionalNumber()
    cgroup = try reader.getOptionalText()
    cgroupID = try reader.getOptionalNumber()
    unit = try reader.getOptionalText()
    container = try reader.getOptionalText()
    names = try ContainerNames(from: &reader)
    namespace = try reader.getOptionalNumber().map(NetnsID.init(rawValue:))
    descriptorCount = try reader.getOptional { reader throws(DecodeError) in
      try reader.getTally()
    }
    descriptorSoftLimit = try reader.getOptionalNumber()
    descriptorHardLimit = try reader.getOptionalNumber()
    runtime = try reader.getCase("runtime", of: ProcessRuntime.allCases)
    main = try reader.getOptionalText()
    imageID = try reader.get()
    isStopped = try reader.getBool()
  }
}

extension ContainerNames {
  func write(to writer: inout WireWriter) {
    writer.put(container) { $0.put($1) }
    writer.put(pod) { $0.put($1) }
    writer.put(namespace) { $0.put($1) }
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    self.init(
      container: try reader.getOptionalText(), pod: try reader.getOptionalText(),
      namespace: try reader.getOptionalText())
  }
}

extension WireReader {
  mutating func getOptionalText() throws(DecodeError) -> String? {
    try getOptional { reader throws(DecodeError) in try reader.getText() }
  }

  mutating func getOptionalNumber<Number: FixedWidthInteger>() throws(DecodeError) -> Number? {
    try getOptional { reader throws(DecodeError) in try reader.get() }
  }
}
