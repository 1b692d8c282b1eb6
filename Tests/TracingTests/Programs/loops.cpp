// SPDX-License-Identifier: Apache-2.0
//
// The same as loops.c on Boost.Asio, which is compiled into the program. Tests only.
#include <boost/asio.hpp>
#include <iostream>
#include <memory>
#include <vector>

using boost::asio::ip::tcp;
using boost::system::error_code;

struct Session : std::enable_shared_from_this<Session> {
  explicit Session(tcp::socket socket) : socket(std::move(socket)) {}
  void first();
  void upload();
  void download();

  tcp::socket socket;
  char bytes[256];
};

static std::vector<std::shared_ptr<Session>> kept;

void Session::first() {
  auto self = shared_from_this();
  socket.async_read_some(boost::asio::buffer(bytes, 1), [self](error_code error, std::size_t) {
    if (!error && self->bytes[0] != 'd') {
      self->upload();
    } else {
      self->download();
    }
  });
}

void Session::upload() {
  auto self = shared_from_this();
  socket.async_read_some(boost::asio::buffer(bytes), [self](error_code error, std::size_t) {
    if (error) kept.push_back(self);
  });
}

// The last that knows of it: the socket is closed with it.
void Session::download() {
  auto self = shared_from_this();
  socket.async_read_some(boost::asio::buffer(bytes), [self](error_code error, std::size_t) {
    if (!error) self->download();
  });
}

static void accept_next(tcp::acceptor &acceptor) {
  acceptor.async_accept([&acceptor](error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket))->first();
    accept_next(acceptor);
  });
}

int main() {
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  std::cout << acceptor.local_endpoint().port() << std::endl;
  accept_next(acceptor);
  context.run();
}
