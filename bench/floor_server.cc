// SPDX-License-Identifier: Apache-2.0
//
// Servers that take requests and drop them, to know what receiving alone costs: `epoll` reads
// length-prefixed bodies from bare sockets, `net` answers unary gRPC calls through src/net. Prints
// its port, serves until standard input ends, then prints requests, bytes and CPU seconds as JSON.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "bench/measure.h"
#include "net/grpc.h"
#include "net/http_server.h"
#include "net/io_threads.h"
#include "os/system_clock.h"

namespace waybill::bench {
namespace {

struct Taken {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
};

void print_port(int port) {
  std::printf("%d\n", port);
  std::fflush(stdout);
}

void print_result(const Taken& taken, double cpu) {
  std::printf("{\"requests\": %llu, \"bytes\": %llu, \"cpu_seconds\": %.6f}\n",
              static_cast<unsigned long long>(taken.requests),
              static_cast<unsigned long long>(taken.bytes), cpu);
}

void wait_for_end_of_input() {
  std::array<char, 256> ignored{};
  while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
  }
}

// One bare connection: four bytes of length (little endian), that many of body, one byte back.
class Connection final {
 public:
  // False once the peer has closed.
  bool take(int socket, Taken& taken) {
    static std::vector<char> buffer(std::size_t{1} << 20);
    const ssize_t size = ::read(socket, buffer.data(), buffer.size());
    if (size <= 0) {
      return size < 0 && (errno == EAGAIN || errno == EINTR);
    }
    taken.bytes += static_cast<std::uint64_t>(size);
    std::size_t at = 0;
    while (at < static_cast<std::size_t>(size)) {
      at += take_piece(buffer.data() + at, static_cast<std::size_t>(size) - at, socket, taken);
    }
    return true;
  }

 private:
  std::size_t take_piece(const char* bytes, std::size_t size, int socket, Taken& taken) {
    if (head_bytes_ < sizeof rest_) {
      const std::size_t part = std::min(size, sizeof rest_ - head_bytes_);
      std::memcpy(reinterpret_cast<char*>(&rest_) + head_bytes_, bytes, part);
      head_bytes_ += part;
      return part;
    }
    const std::size_t part = std::min<std::size_t>(size, rest_);
    rest_ -= static_cast<std::uint32_t>(part);
    if (rest_ == 0) {
      head_bytes_ = 0;
      ++taken.requests;
      CHECK(::write(socket, "k", 1) == 1);
    }
    return part;
  }

  std::uint32_t rest_ = 0;
  std::size_t head_bytes_ = 0;
};

int listen_anywhere(int& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  CHECK(listener >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(::listen(listener, 64) == 0);
  CHECK(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
  return listener;
}

void watch(int poller, int file) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = file;
  CHECK(::epoll_ctl(poller, EPOLL_CTL_ADD, file, &event) == 0);
}

int serve_epoll() {
  int port = 0;
  const int listener = listen_anywhere(port);
  const int poller = ::epoll_create1(0);
  watch(poller, listener);
  watch(poller, STDIN_FILENO);
  print_port(port);
  Taken taken;
  std::unordered_map<int, Connection> connections;
  const double begin = cpu_seconds();
  for (bool is_over = false; !is_over;) {
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int file = events[static_cast<std::size_t>(i)].data.fd;
      if (file == STDIN_FILENO) {
        is_over = true;
      } else if (file == listener) {
        const int socket = ::accept(listener, nullptr, nullptr);
        watch(poller, socket);
        connections.emplace(socket, Connection());
      } else if (!connections[file].take(file, taken)) {
        connections.erase(file);
        ::close(file);
      }
    }
  }
  print_result(taken, cpu_seconds() - begin);
  return 0;
}

class Dropper final : public net::HttpHandler {
 public:
  void handle(net::Request request, net::Responder responder) override {
    auto message = net::take_unary_message(request);
    {
      const MutexLock lock(mutex_);
      ++taken_.requests;
      taken_.bytes += message ? message->bytes.size() : 0;
    }
    std::move(responder).send(message ? net::grpc_answer("") : net::grpc_error(message.error()));
  }
  Taken taken() {
    const MutexLock lock(mutex_);
    return taken_;
  }

 private:
  Mutex mutex_;
  Taken taken_ GUARDED_BY(mutex_);
};

int serve_net() {
  const auto clock = os::make_system_clock();
  Dropper dropper;
  MetricRegistry metrics;
  net::IoThreads threads(*clock);
  net::HttpServerOptions options;
  options.name = "bench";
  auto server = net::HttpServer::open(options, threads, dropper, metrics);
  CHECK(server.has_value());
  print_port((*server)->port());
  const double begin = cpu_seconds();
  wait_for_end_of_input();
  print_result(dropper.taken(), cpu_seconds() - begin);
  return 0;
}

}  // namespace
}  // namespace waybill::bench

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind == "epoll") {
    return waybill::bench::serve_epoll();
  }
  if (kind == "net") {
    return waybill::bench::serve_net();
  }
  std::fprintf(stderr, "usage: bench_server epoll|net\n");
  return 2;
}
