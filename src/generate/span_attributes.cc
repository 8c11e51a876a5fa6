// SPDX-License-Identifier: Apache-2.0
#include "generate/span_attributes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "generate/shop.h"
#include "generate/span_template.h"

#include <fmt/format.h>

namespace waybill::generate {
namespace {

constexpr std::array<std::string_view, 3> kBrowsers = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    "ShopApp/7.14.2 (Android 15; Pixel 8)"};

std::string_view before(std::string_view text, char separator) {
  return text.substr(0, text.find(separator));
}
std::string_view after(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
}

// Collects attributes with one short call each, so that the shapes below read as lists.
class List final {
 public:
  List& text(std::string_view key, std::string_view value) {
    made_.push_back({key, std::string(value)});
    return *this;
  }
  List& fixed(std::string_view key, std::int64_t number) {
    made_.push_back({key, {}, NumberKind::Fixed, number});
    return *this;
  }
  List& flag(std::string_view key, bool value) {
    made_.push_back({key, {}, NumberKind::Flag, value ? 1 : 0});
    return *this;
  }
  List& random(std::string_view key, NumberKind kind) {
    made_.push_back({key, {}, kind, 0});
    return *this;
  }
  std::vector<AttributeText> take() { return std::move(made_); }

 private:
  std::vector<AttributeText> made_;
};

bool failed(Look look) { return look == Look::Failed; }

std::size_t plain_index(Look look) {
  const auto index = static_cast<std::size_t>(look);
  return index < kPlainLookCount ? index : 0;
}

std::string host_of(const Shop& shop, std::uint16_t service) {
  return fmt::format("{}.shop.svc.cluster.local", shop.services()[service].name);
}

void add_http_server(const Shop& shop, const Operation& operation, Look look, List& list) {
  const bool is_edge = operation.service == 0;
  const std::size_t plain = plain_index(look);
  list.text("http.request.method", before(operation.name, ' '))
      .text("http.route", after(operation.name, ' '))
      .text("url.path", operation.text)
      .text("url.scheme", is_edge ? "https" : "http")
      .fixed("http.response.status_code", failed(look) ? 503
                                          : plain == 2 ? 304
                                                       : 200)
      .text("server.address", is_edge ? "shop.example.com" : host_of(shop, operation.service))
      .fixed("server.port", is_edge ? 443 : 8080)
      .text("network.protocol.version", plain == 1 ? "2" : "1.1");
  if (is_edge) {
    list.text("client.address", "198.51.{octet}.{octet}")
        .text("user_agent.original", kBrowsers[plain])
        .text("user.id", "u-{user}")
        .text("session.id", "{session}");
    if (plain == 0) {
      list.text("url.query", "page={partition}&ref={product}");
    }
  } else {
    list.text("client.address", "10.42.{octet}.{octet}")
        .text("user_agent.original", "Apache-HttpClient/5.4 (Java/21.0.5)");
  }
  list.random("http.response.body.size", NumberKind::Medium);
}

void add_grpc(const Operation& operation, Look look, List& list) {
  list.text("rpc.system", "grpc")
      .text("rpc.service", before(operation.target, '/'))
      .text("rpc.method", after(operation.target, '/'))
      .fixed("rpc.grpc.status_code", failed(look) ? 14 : 0);
}

void add_grpc_server(const Shop& shop, const Operation& operation, Look look, List& list) {
  add_grpc(operation, look, list);
  list.text("server.address", host_of(shop, operation.service))
      .fixed("server.port", 9090)
      .text("client.address", "10.42.{octet}.{octet}")
      .text("client.port", "{port}")
      .text("network.type", "ipv4")
      .text("thread.name", "grpc-executor-{partition}")
      .text("user.id", "u-{user}");
  if (plain_index(look) != 1) {
    list.text("request.id", "{uuid}");
  }
  if (plain_index(look) == 2) {
    list.text("feature_flag.key", "new-rounding").text("feature_flag.result.variant", "treatment");
  }
}

void add_grpc_client(const Shop& shop, const Operation& operation, Look look, List& list) {
  add_grpc(operation, look, list);
  list.text("server.address", host_of(shop, operation.peer))
      .fixed("server.port", 9090)
      .text("network.peer.address", "10.42.{octet}.{peer}")
      .fixed("network.peer.port", 9090)
      .text("network.transport", "tcp")
      .text("thread.name", "grpc-default-executor-{partition}")
      .text("request.id", "{uuid}");
  if (plain_index(look) == 1) {
    list.random("rpc.response.size", NumberKind::Medium);
  }
}

void add_http_client(const Shop& shop, const Operation& operation, Look look, List& list) {
  const std::string host = host_of(shop, operation.peer);
  list.text("http.request.method", before(operation.name, ' '))
      .text("url.full", fmt::format("http://{}:8080{}?trace={{uuid}}", host, operation.text))
      .text("url.template", after(operation.name, ' '))
      .text("server.address", host)
      .fixed("server.port", 8080)
      .fixed("http.response.status_code", failed(look) ? 503 : 200)
      .text("network.protocol.version", "1.1")
      .text("network.peer.address", "10.42.{octet}.{peer}")
      .text("user_agent.original", "Apache-HttpClient/5.4 (Java/21.0.5)")
      .random("http.response.body.size", NumberKind::Medium);
}

void add_sql(const Shop& shop, const Operation& operation, Look look, List& list) {
  const Service& service = shop.services()[operation.service];
  const bool is_bank = service.name == "bank";
  list.text("db.system.name", is_bank ? "microsoft.sql_server" : "postgresql")
      .text("db.namespace", fmt::format("{}|public", service.name))
      .text("db.collection.name", after(operation.target, ' '))
      .text("db.operation.name", before(operation.target, ' '))
      .text("db.query.summary", operation.target)
      .text("db.query.text", operation.text)
      .text("server.address", fmt::format("{}-db-0.shop.svc.cluster.local", service.name))
      .fixed("server.port", is_bank ? 1433 : 5432)
      .text("network.peer.address", "10.43.{octet}.{octet}")
      .text("db.client.connection.pool.name", fmt::format("{}-pool", service.name))
      .text("thread.name", "http-nio-8080-exec-{partition}")
      .random("thread.id", NumberKind::Small);
  if (!failed(look)) {
    list.random("db.response.returned_rows", NumberKind::Small);
  }
}

void add_cache(const Shop& shop, const Operation& operation, Look look, List& list) {
  list.text("db.system.name", "redis")
      .text("db.namespace", "0")
      .text("db.operation.name", operation.target)
      .text("db.query.text", fmt::format("{} {}", operation.target, operation.text))
      .text("server.address",
            fmt::format("{}-redis.shop.svc.cluster.local", shop.services()[operation.service].name))
      .fixed("server.port", 6379)
      .text("network.peer.address", "10.43.{octet}.{octet}")
      .fixed("network.peer.port", 6379)
      .text("network.transport", "tcp")
      .text("thread.name", "http-nio-8080-exec-{partition}")
      .flag("cache.hit", plain_index(look) != 2);
}

void add_work(const Operation& operation, Look look, List& list) {
  list.text("code.function.name", operation.target)
      .text("code.file.path", fmt::format("/app/src/main/{}.src", operation.target))
      .fixed("code.line.number", 40 + static_cast<std::int64_t>(operation.name.size()) * 7)
      .random("thread.id", NumberKind::Small)
      .text("thread.name", "worker-{partition}")
      .text("user.id", "u-{user}")
      .text("shop.order.id", "{order}")
      .text("shop.cart.id", "{cart}")
      .random("shop.item.count", NumberKind::Small);
  if (plain_index(look) == 1) {
    list.text("shop.currency", "EUR").text("shop.region", "eu-central-1");
  }
}

void add_messaging(const Operation& operation, bool is_consumer, List& list) {
  list.text("messaging.system", "kafka")
      .text("messaging.destination.name", operation.target)
      .text("messaging.operation.type", is_consumer ? "process" : "send")
      .text("messaging.operation.name", is_consumer ? "process" : "send")
      .text("messaging.destination.partition.id", "{partition}")
      .text("messaging.message.id", "{uuid}")
      .random("messaging.kafka.offset", NumberKind::Large)
      .random("messaging.message.body.size", NumberKind::Medium)
      .text("server.address", "kafka-{partition}.shop.svc.cluster.local")
      .fixed("server.port", 9092);
  if (is_consumer) {
    list.text("messaging.consumer.group.name", fmt::format("{}-workers", operation.target))
        .text("messaging.kafka.message.key", "{order}");
  } else {
    list.text("messaging.client.id", "producer-{instance}");
  }
}

void add_timer(const Operation& operation, List& list) {
  list.text("faas.trigger", "timer")
      .text("code.function.name", operation.name)
      .text("job.name", operation.name)
      .text("job.run.id", "{uuid}")
      .text("thread.name", "scheduler-{partition}")
      .random("thread.id", NumberKind::Small)
      .random("job.batch.size", NumberKind::Medium)
      .text("job.schedule", "0 3 * * *");
}

std::string_view error_type(const Operation& operation) {
  switch (operation.shape) {
    case SpanShape::HttpServer:
    case SpanShape::HttpClient:
      return "503";
    case SpanShape::GrpcServer:
    case SpanShape::GrpcClient:
      return "UNAVAILABLE";
    case SpanShape::Sql:
      return "40P01";
    default:
      return "_OTHER";
  }
}

std::string java_stack(std::string_view type, std::string_view message, std::string_view service,
                       std::string_view what) {
  return fmt::format(
      "{0}: {1}\n"
      "\tat com.example.shop.{2}.client.ChannelPool.acquire(ChannelPool.java:118)\n"
      "\tat com.example.shop.{2}.client.RetryingInvoker.invoke(RetryingInvoker.java:74)\n"
      "\tat com.example.shop.{2}.service.RequestHandler.handle(RequestHandler.java:231)\n"
      "\tat io.grpc.stub.ServerCalls$UnaryServerCallListener.onHalfClose(ServerCalls.java:182)\n"
      "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:"
      "1144)\n"
      "\tat java.base/java.lang.Thread.run(Thread.java:1583)\n"
      "Caused by: java.net.SocketTimeoutException: {3} timed out after 2000 ms\n"
      "\t... 6 more\n",
      type, message, service, what);
}

std::string python_stack(std::string_view type, std::string_view message, std::string_view service,
                         std::string_view what) {
  return fmt::format(
      "Traceback (most recent call last):\n"
      "  File \"/app/{2}/server.py\", line 148, in handle\n"
      "    reply = await self.run(request, deadline)\n"
      "  File \"/app/{2}/pipeline.py\", line 87, in run\n"
      "    return await step(context)\n"
      "  File \"/app/{2}/steps.py\", line 212, in step  # {3}\n"
      "    raise {0}(detail)\n"
      "{0}: {1}\n",
      type, message, service, what);
}

std::string go_stack(std::string_view message, std::string_view service, std::string_view what) {
  return fmt::format(
      "goroutine 4182 [running]:\n"
      "example.com/shop/{1}/internal/rpc.(*Server).fail(0xc0004a2000, {{0x1a2b3c0, "
      "0xc00031e0f0}})\n"
      "\t/src/internal/rpc/server.go:203 +0x1d4\n"
      "example.com/shop/{1}/internal/handler.(*Handler).Do(0xc0000b6180)  // {2}\n"
      "\t/src/internal/handler/handler.go:97 +0x6ac\n"
      "{0}\n",
      message, service, what);
}

std::string node_stack(std::string_view type, std::string_view message, std::string_view service,
                       std::string_view what) {
  return fmt::format(
      "{0}: {1}\n"
      "    at Client.request (/app/{2}/node_modules/undici/lib/client.js:412:19)\n"
      "    at async {3} (/app/{2}/src/handlers.js:88:17)\n"
      "    at async Router.dispatch (/app/{2}/src/router.js:141:5)\n"
      "    at async Server.<anonymous> (/app/{2}/src/server.js:57:9)\n",
      type, message, service, what);
}

}  // namespace

std::vector<AttributeText> attributes_of(const Shop& shop, const Operation& operation, Look look) {
  List list;
  switch (operation.shape) {
    case SpanShape::HttpServer:
      add_http_server(shop, operation, look, list);
      break;
    case SpanShape::GrpcServer:
      add_grpc_server(shop, operation, look, list);
      break;
    case SpanShape::HttpClient:
      add_http_client(shop, operation, look, list);
      break;
    case SpanShape::GrpcClient:
      add_grpc_client(shop, operation, look, list);
      break;
    case SpanShape::Sql:
      add_sql(shop, operation, look, list);
      break;
    case SpanShape::Cache:
      add_cache(shop, operation, look, list);
      break;
    case SpanShape::Work:
      add_work(operation, look, list);
      break;
    case SpanShape::Consumer:
    case SpanShape::Producer:
      add_messaging(operation, operation.shape == SpanShape::Consumer, list);
      break;
    case SpanShape::Timer:
      add_timer(operation, list);
      break;
  }
  if (failed(look)) {
    list.text("error.type", error_type(operation));
  }
  return list.take();
}

ExceptionText exception_of(const Shop& shop, const Operation& operation, Look look) {
  const Service& service = shop.services()[operation.service];
  const bool is_handled = look == Look::HandledException;
  const std::string_view message =
      is_handled ? "stale entry, reading again from the source" : "upstream did not answer in time";
  if (service.language == "python") {
    const std::string_view type = is_handled ? "shop.errors.StaleEntry" : "shop.errors.Upstream";
    return {type, message, python_stack(type, message, service.name, operation.name)};
  }
  if (service.language == "go") {
    return {"*errors.errorString", message, go_stack(message, service.name, operation.name)};
  }
  if (service.language == "nodejs") {
    const std::string_view type = is_handled ? "StaleEntryError" : "ConnectTimeoutError";
    return {type, message, node_stack(type, message, service.name, operation.name)};
  }
  const std::string_view type = is_handled ? "com.example.shop.StaleEntryException"
                                           : "com.example.shop.UpstreamTimeoutException";
  return {type, message, java_stack(type, message, service.name, operation.name)};
}

}  // namespace waybill::generate
