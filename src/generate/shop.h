// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/span.h"

// The online shop that the generator pretends to watch: who calls whom, and what each call looks
// like. Plain tables (shop_tables.h) made into indices. Immutable once built; any thread.
namespace waybill::generate {

// How an endpoint is reached.
enum class Protocol : std::uint8_t { Http, Grpc, Topic, Timer };

enum class StepKind : std::uint8_t { None, Call, Sql, Cache, Work, Publish };

// What the attributes of a span describe.
enum class SpanShape : std::uint8_t {
  HttpServer,
  GrpcServer,
  Consumer,
  Timer,
  HttpClient,
  GrpcClient,
  Sql,
  Cache,
  Work,
  Producer
};

// A span name of one service, as an operations list shows it.
struct Operation {
  std::uint16_t service = 0;  // index into services()
  SpanShape shape = SpanShape::Work;
  model::SpanKind kind = model::SpanKind::Internal;
  std::string name;
  std::string_view target;  // route, full method, table, command, function or topic
  std::string_view text;    // query, key or path with placeholders
  std::uint16_t peer = 0;   // service at the other end, for clients and servers
  std::uint8_t scope = 0;   // index into the service's scopes
};

// One thing that an endpoint does, in order.
struct Step {
  StepKind kind = StepKind::None;
  std::uint16_t operation = 0;  // of the span that the endpoint's service emits for it
  std::uint16_t endpoint = 0;   // what is reached by it, for Call and Publish
};

struct Endpoint {
  std::uint16_t operation = 0;
  std::uint16_t root_weight = 0;  // share of the traces that begin here; zero: none does
  bool calls_in_parallel = false;
  bool is_batch_job = false;
  std::uint16_t single_step = 0;  // a step that emits one span alone
  std::vector<Step> steps;
};

struct Service {
  std::string_view name;
  std::string_view language;
  std::string_view version;
};

// Scopes of every service, in this order: server, client, database, own code.
inline constexpr std::size_t kScopeCount = 4;
inline constexpr std::size_t kInstanceCount = 3;

class Shop final {
 public:
  Shop();

  const std::vector<Service>& services() const { return services_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const std::vector<Endpoint>& endpoints() const { return endpoints_; }

  // Sum of root_weight.
  std::uint32_t root_weight_total() const { return root_weight_total_; }
  // The endpoint that a batch job starts at.
  std::uint16_t batch_endpoint() const { return batch_endpoint_; }
  // Where a purchase begins.
  std::uint16_t checkout_endpoint() const { return checkout_endpoint_; }
  // Index of that service, or services().size().
  std::size_t find_service(std::string_view name) const;

 private:
  std::uint16_t add_operation(Operation operation);

  std::vector<Service> services_;
  std::vector<Operation> operations_;
  std::vector<Endpoint> endpoints_;
  std::uint32_t root_weight_total_ = 0;
  std::uint16_t batch_endpoint_ = 0;
  std::uint16_t checkout_endpoint_ = 0;
};

}  // namespace waybill::generate
