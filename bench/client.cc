// SPDX-License-Identifier: Apache-2.0
//
// The sending side of the benchmarks: `bench_client grpc|raw PORT SPANS SPANS_A_REQUEST
// identity|gzip IN_FLIGHT`. Sends the corpus once and prints what was acknowledged as JSON. Its own
// CPU time is not measured.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "bench/measure.h"
#include "generate/load.h"
#include "os/system_clock.h"

namespace waybill::bench {
namespace {

struct Arguments {
  std::string transport;
  std::uint16_t port = 0;
  std::uint64_t span_count = 0;
  std::uint32_t request_span_count = 0;
  compress::Encoding encoding = compress::Encoding::Identity;
  std::size_t in_flight = 1;
};

int send_grpc(const Arguments& arguments) {
  const auto clock = os::make_system_clock();
  generate::GeneratorOptions options;
  options.span_count = arguments.span_count;
  options.request_span_count = arguments.request_span_count;
  options.export_delay_nanos = 0;
  options.start = clock->now();
  auto generator = generate::Generator::make(options);
  CHECK(generator.has_value());
  generate::LoadOptions load;
  load.port = arguments.port;
  load.encoding = arguments.encoding;
  load.compress_level = 6;
  load.in_flight_max = arguments.in_flight;
  const auto totals = generate::run_load(**generator, load, *clock, {});
  CHECK(totals.has_value());
  std::printf(
      "{\"requests\": %llu, \"spans\": %llu, \"acked\": %llu, \"traces\": %llu, \"retries\": %llu, "
      "\"bytes_raw\": %llu, \"bytes_sent\": %llu, \"p50_us\": %.0f, \"p99_us\": %.0f, "
      "\"elapsed_seconds\": %.3f}\n",
      static_cast<unsigned long long>(totals->requests),
      static_cast<unsigned long long>(totals->spans_sent),
      static_cast<unsigned long long>(totals->spans_acked),
      static_cast<unsigned long long>((*generator)->ground_truth().traces),
      static_cast<unsigned long long>(totals->retries),
      static_cast<unsigned long long>(totals->bytes_raw),
      static_cast<unsigned long long>(totals->bytes_sent),
      static_cast<double>(totals->latencies.quantile(0.5).count()) * 1e-3,
      static_cast<double>(totals->latencies.quantile(0.99).count()) * 1e-3,
      static_cast<double>(totals->elapsed.count()) * 1e-9);
  if (totals->spans_acked != totals->spans_sent) {
    std::fprintf(stderr, "bench_client: not everything was taken: %s\n",
                 totals->last_error.c_str());
    return 1;
  }
  return 0;
}

void write_all(int socket, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(socket, bytes, size);
    CHECK(written > 0);
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
}

// The bare protocol of `bench_server epoll`.
int send_raw(const Arguments& arguments) {
  const auto requests = make_requests(arguments.span_count, arguments.request_span_count);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(arguments.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  std::uint64_t spans = 0;
  std::size_t unanswered = 0;
  std::array<char, 1024> answers{};
  for (const auto& request : requests) {
    const auto size = static_cast<std::uint32_t>(request.bytes.size());
    std::string framed(sizeof size, '\0');
    std::memcpy(framed.data(), &size, sizeof size);
    framed += request.bytes;
    write_all(socket, framed.data(), framed.size());
    spans += request.span_count;
    ++unanswered;
    while (unanswered >= arguments.in_flight) {
      const ssize_t got = ::read(socket, answers.data(), answers.size());
      CHECK(got > 0);
      unanswered -= static_cast<std::size_t>(got);
    }
  }
  while (unanswered > 0) {
    const ssize_t got = ::read(socket, answers.data(), answers.size());
    CHECK(got > 0);
    unanswered -= static_cast<std::size_t>(got);
  }
  ::close(socket);
  std::printf("{\"requests\": %zu, \"spans\": %llu, \"acked\": %llu}\n", requests.size(),
              static_cast<unsigned long long>(spans), static_cast<unsigned long long>(spans));
  return 0;
}

}  // namespace
}  // namespace waybill::bench

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr,
                 "usage: bench_client grpc|raw PORT SPANS SPANS_A_REQUEST identity|gzip "
                 "IN_FLIGHT\n");
    return 2;
  }
  waybill::bench::Arguments arguments;
  arguments.transport = argv[1];
  arguments.port = static_cast<std::uint16_t>(std::strtoul(argv[2], nullptr, 10));
  arguments.span_count = std::strtoull(argv[3], nullptr, 10);
  arguments.request_span_count = static_cast<std::uint32_t>(std::strtoul(argv[4], nullptr, 10));
  arguments.encoding =
      waybill::compress::parse_encoding(argv[5]).value_or(waybill::compress::Encoding::Identity);
  arguments.in_flight = std::strtoull(argv[6], nullptr, 10);
  return arguments.transport == "raw" ? waybill::bench::send_raw(arguments)
                                      : waybill::bench::send_grpc(arguments);
}
