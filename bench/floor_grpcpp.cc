// SPDX-License-Identifier: Apache-2.0
//
// The same as `bench_server net`, through grpc++: its generic callback service, which hands over
// raw buffers, so that only the transport is measured. A yardstick, never part of the product.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "bench/measure.h"

namespace waybill::bench {
namespace {

struct Taken {
  Mutex mutex;
  std::uint64_t requests GUARDED_BY(mutex) = 0;
  std::uint64_t bytes GUARDED_BY(mutex) = 0;
};

// One call: read, drop, answer with an empty message. grpc++ calls OnDone last, and the call then
// lets go of itself.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Call(Taken& taken) : taken_(taken) { StartRead(&request_); }

  void keep(std::unique_ptr<Call> self) { self_ = std::move(self); }

  void OnReadDone(bool is_read) override {
    if (!is_read) {
      Finish(grpc::Status(grpc::StatusCode::INTERNAL, "no message"));
      return;
    }
    {
      const MutexLock lock(taken_.mutex);
      ++taken_.requests;
      taken_.bytes += request_.Length();
    }
    const grpc::Slice empty;
    answer_ = grpc::ByteBuffer(&empty, 1);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
  }
  void OnDone() override { const std::unique_ptr<Call> last = std::move(self_); }

 private:
  Taken& taken_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  std::unique_ptr<Call> self_;
};

class Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(Taken& taken) : taken_(taken) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* /*context*/) override {
    auto call = std::make_unique<Call>(taken_);
    Call* const borrowed = call.get();
    borrowed->keep(std::move(call));
    return borrowed;
  }

 private:
  Taken& taken_;
};

int serve() {
  Taken taken;
  Service service(taken);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(64 << 20);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  CHECK(server != nullptr);
  std::printf("%d\n", port);
  std::fflush(stdout);
  const double begin = cpu_seconds();
  std::array<char, 256> ignored{};
  while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
  }
  const double cpu = cpu_seconds() - begin;
  server->Shutdown();
  const MutexLock lock(taken.mutex);
  std::printf("{\"requests\": %llu, \"bytes\": %llu, \"cpu_seconds\": %.6f}\n",
              static_cast<unsigned long long>(taken.requests),
              static_cast<unsigned long long>(taken.bytes), cpu);
  return 0;
}

}  // namespace
}  // namespace waybill::bench

int main() { return waybill::bench::serve(); }
