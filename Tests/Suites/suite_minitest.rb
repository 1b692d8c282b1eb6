# SPDX-License-Identifier: Apache-2.0
require "minitest/autorun"
require_relative "connection"

class SuiteTest < Minitest::Test
  def test_before = connect(false)
  def test_planted = connect(ENV["LEAK"] == "1")
  def test_after = connect(false)
end
