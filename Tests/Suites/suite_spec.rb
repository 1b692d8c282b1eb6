# SPDX-License-Identifier: Apache-2.0
require_relative "connection"

RSpec.describe "a suite" do
  it("comes before") { connect(false) }
  it("is planted") { connect(ENV["LEAK"] == "1") }
  it("comes after") { connect(false) }
end
