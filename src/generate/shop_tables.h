// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "generate/shop.h"

// The shop as tables, made for reading. shop.cc turns names into indices and checks that all exist.
namespace waybill::generate::tables {

struct StepRow {
  StepKind kind = StepKind::None;
  std::string_view target = {};  // endpoint, "OPERATION table", "COMMAND", function or topic
  std::string_view text = {};    // SQL, or key of the cache, with placeholders (span_template.cc)
};

struct EndpointRow {
  std::string_view service;
  Protocol protocol = Protocol::Grpc;
  std::string_view name;
  std::string_view path = {};  // HTTP only: url.path with placeholders
  std::uint16_t root_weight = 0;
  bool calls_in_parallel = false;
  std::array<StepRow, 6> steps{};
};

inline constexpr std::array<Service, 20> kServices = {{
    {"gateway", "nodejs", "5.12.0"},     {"auth", "go", "1.9.3"},
    {"profile", "java", "2.4.1"},        {"cart", "go", "3.0.7"},
    {"catalogue", "java", "4.2.0"},      {"search", "python", "1.15.2"},
    {"pricing", "go", "2.8.0"},          {"promotion", "python", "0.9.14"},
    {"inventory", "java", "3.3.5"},      {"checkout", "java", "6.1.2"},
    {"order", "java", "5.0.4"},          {"payment", "java", "2.4.1"},
    {"bank", "dotnet", "1.2.0"},         {"fraud", "python", "0.7.8"},
    {"shipping", "go", "1.4.4"},         {"warehouse", "java", "2.0.9"},
    {"notification", "nodejs", "1.6.1"}, {"recommendation", "python", "3.1.0"},
    {"review", "nodejs", "2.2.2"},       {"tax", "go", "1.0.12"},
}};

inline constexpr StepKind kCall = StepKind::Call;
inline constexpr StepKind kSql = StepKind::Sql;
inline constexpr StepKind kCache = StepKind::Cache;
inline constexpr StepKind kWork = StepKind::Work;
inline constexpr StepKind kPublish = StepKind::Publish;
inline constexpr Protocol kHttp = Protocol::Http;
inline constexpr Protocol kGrpc = Protocol::Grpc;
inline constexpr Protocol kTopic = Protocol::Topic;
inline constexpr Protocol kTimer = Protocol::Timer;

// clang-format off
inline constexpr std::array kEndpoints = std::to_array<EndpointRow>({
    // What browsers ask for.
    {"gateway", kHttp, "GET /", "/", 14, true,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.catalogue.Catalogue/ListFeatured"}, {kCall, "shop.recommendation.Recommender/ForUser"},
       {kCall, "shop.promotion.Promotions/ListActive"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "GET /api/products/:id", "/api/products/{product}", 24, true,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.catalogue.Catalogue/GetProduct"}, {kCall, "shop.inventory.Stock/GetLevels"},
       {kCall, "shop.review.Reviews/ListForProduct"}, {kCall, "shop.recommendation.Recommender/Similar"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "GET /api/search", "/api/search", 18, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "GET /v1/query"}, {kCall, "shop.pricing.Pricing/PriceList"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "GET /api/categories/:slug", "/api/categories/garden-{partition}", 8, false,
     {{{kCall, "shop.catalogue.Catalogue/ListCategory"}, {kCall, "shop.pricing.Pricing/PriceList"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "GET /api/cart", "/api/cart", 12, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.cart.Cart/GetCart"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "POST /api/cart/items", "/api/cart/items", 10, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.cart.Cart/AddItem"}, {kWork, "validateBody"}}}},
    {"gateway", kHttp, "POST /api/checkout", "/api/checkout", 9, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.checkout.Checkout/PlaceOrder"}, {kWork, "validateBody"}}}},
    {"gateway", kHttp, "GET /api/shipping/quote", "/api/shipping/quote", 4, false,
     {{{kCall, "shop.shipping.Shipping/Quote"}, {kCall, "shop.tax.Tax/Estimate"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "GET /api/orders", "/api/orders", 5, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.order.Orders/List"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "GET /api/orders/:id", "/api/orders/{order}", 7, true,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.order.Orders/Get"}, {kCall, "shop.shipping.Shipping/Track"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "POST /api/returns", "/api/returns", 2, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.order.Orders/Return"}, {kWork, "validateBody"}}}},
    {"gateway", kHttp, "POST /api/login", "/api/login", 5, false,
     {{{kCall, "shop.auth.Sessions/Login"}, {kCall, "shop.profile.Profiles/Get"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "GET /api/profile", "/api/profile", 4, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.profile.Profiles/Get"}, {kWork, "renderPage"}}}},
    {"gateway", kHttp, "PUT /api/profile", "/api/profile", 1, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.profile.Profiles/Update"}, {kWork, "validateBody"}}}},
    {"gateway", kHttp, "POST /api/reviews", "/api/reviews", 2, false,
     {{{kCall, "shop.auth.Sessions/Check"}, {kCall, "shop.review.Reviews/Post"}, {kWork, "validateBody"}}}},

    {"auth", kGrpc, "shop.auth.Sessions/Check", "", 0, false,
     {{{kCache, "GET", "session:{session}"}}}},
    {"auth", kGrpc, "shop.auth.Sessions/Login", "", 0, false,
     {{{kSql, "SELECT credentials", "SELECT user_id, hash, salt, locked_until FROM credentials WHERE email = $1"}, {kWork, "auth.verifyPassword"},
       {kCache, "SETEX", "session:{session}"}, {kSql, "INSERT login_events", "INSERT INTO login_events (user_id, at, address, success) VALUES ($1, now(), $2, true)"}}}},

    {"profile", kGrpc, "shop.profile.Profiles/Get", "", 0, false,
     {{{kCache, "GET", "profile:u-{user}"}, {kSql, "SELECT profiles", "SELECT id, name, email, locale, tier FROM profiles WHERE id = {user}"}}}},
    {"profile", kGrpc, "shop.profile.Profiles/Update", "", 0, false,
     {{{kSql, "UPDATE profiles", "UPDATE profiles SET name = $1, locale = $2, updated_at = now() WHERE id = $3"}, {kCache, "DEL", "profile:u-{user}"},
       {kPublish, "profile-changed"}}}},
    {"profile", kGrpc, "shop.profile.Addresses/GetDefault", "", 0, false,
     {{{kSql, "SELECT addresses", "SELECT street, city, postcode, country FROM addresses WHERE user_id = $1 AND is_default"}}}},

    {"cart", kGrpc, "shop.cart.Cart/GetCart", "", 0, false,
     {{{kCache, "HGETALL", "cart:{cart}"}, {kCall, "shop.pricing.Pricing/PriceCart"}, {kCall, "shop.inventory.Stock/GetLevels"}, {kWork, "cart.merge"}}}},
    {"cart", kGrpc, "shop.cart.Cart/AddItem", "", 0, false,
     {{{kCall, "shop.inventory.Stock/GetLevels"}, {kCache, "HSET", "cart:{cart}"}, {kCall, "shop.pricing.Pricing/PriceCart"},
       {kSql, "INSERT cart_events", "INSERT INTO cart_events (cart_id, product_id, quantity, at) VALUES ($1, $2, $3, now())"}}}},
    {"cart", kGrpc, "shop.cart.Cart/Empty", "", 0, false,
     {{{kCache, "DEL", "cart:{cart}"}, {kSql, "UPDATE carts", "UPDATE carts SET closed_at = now(), order_id = {order} WHERE id = $1"}}}},

    {"catalogue", kGrpc, "shop.catalogue.Catalogue/GetProduct", "", 0, false,
     {{{kCache, "GET", "product:{product}"}, {kSql, "SELECT products", "SELECT id, sku, title, description, brand, attributes FROM products WHERE id = {product}"},
       {kCall, "shop.pricing.Pricing/PriceProduct"}, {kSql, "SELECT product_images", "SELECT url, width, height FROM product_images WHERE product_id = $1 ORDER BY position"}}}},
    {"catalogue", kGrpc, "shop.catalogue.Catalogue/ListFeatured", "", 0, false,
     {{{kCache, "GET", "featured:home"}, {kSql, "SELECT featured", "SELECT p.id, p.title, f.rank FROM featured f JOIN products p ON p.id = f.product_id WHERE f.until > now() ORDER BY f.rank LIMIT 24"},
       {kCall, "shop.pricing.Pricing/PriceList"}}}},
    {"catalogue", kGrpc, "shop.catalogue.Catalogue/ListCategory", "", 0, false,
     {{{kSql, "SELECT category_products", "SELECT product_id FROM category_products WHERE category_id = $1 ORDER BY rank LIMIT $2 OFFSET $3"}, {kCache, "MGET", "product:{product}"}}}},
    {"catalogue", kTimer, "nightly catalogue import", "", 1, false,
     {{{kSql, "UPDATE products", "UPDATE products SET title = $1, description = $2, attributes = $3 WHERE sku = $4"}, {kCall, "POST /v1/documents"}, {kPublish, "product-changed"}, {kCall, "shop.inventory.Stock/GetLevels"}}}},

    {"search", kHttp, "GET /v1/query", "/v1/query", 0, false,
     {{{kWork, "search.parse_query"}, {kCache, "GET", "query:{uuid}"},
       {kCall, "shop.promotion.Promotions/ListActive"}, {kWork, "search.rank_results"}}}},
    {"search", kHttp, "POST /v1/documents", "/v1/documents/{product}", 0, false,
     {{{kWork, "search.analyse_document"}, {kSql, "INSERT documents", "INSERT INTO documents (id, body, tokens) VALUES ($1, $2, to_tsvector($2)) ON CONFLICT (id) DO UPDATE SET body = excluded.body"}}}},
    {"search", kTopic, "product-changed", "", 0, false,
     {{{kWork, "search.analyse_document"}, {kCache, "DEL", "query:{uuid}"}}}},

    {"pricing", kGrpc, "shop.pricing.Pricing/PriceProduct", "", 0, false,
     {{{kCache, "GET", "price:{product}"}, {kSql, "SELECT prices", "SELECT net, currency, valid_until FROM prices WHERE product_id = {product} AND region = $1"}, {kCall, "shop.tax.Tax/Estimate"}}}},
    {"pricing", kGrpc, "shop.pricing.Pricing/PriceList", "", 0, false,
     {{{kCache, "MGET", "price:{product}"}, {kSql, "SELECT prices", "SELECT net, currency, valid_until FROM prices WHERE product_id = {product} AND region = $1"}, {kWork, "pricing.applyRounding"}}}},
    {"pricing", kGrpc, "shop.pricing.Pricing/PriceCart", "", 0, false,
     {{{kCache, "MGET", "price:{product}"}, {kCall, "shop.promotion.Promotions/Apply"}, {kCall, "shop.tax.Tax/Calculate"}, {kWork, "pricing.applyRounding"}}}},

    {"promotion", kGrpc, "shop.promotion.Promotions/ListActive", "", 0, false,
     {{{kCache, "SMEMBERS", "promotions:active"}, {kSql, "SELECT promotions", "SELECT id, rule, discount FROM promotions WHERE now() BETWEEN starts_at AND ends_at"}}}},
    {"promotion", kGrpc, "shop.promotion.Promotions/Apply", "", 0, false,
     {{{kSql, "SELECT promotions", "SELECT id, rule, discount FROM promotions WHERE now() BETWEEN starts_at AND ends_at"}, {kWork, "promotion.evaluate_rules"}}}},

    {"inventory", kGrpc, "shop.inventory.Stock/GetLevels", "", 0, false,
     {{{kCache, "MGET", "stock:{product}"}, {kSql, "SELECT stock_levels", "SELECT product_id, warehouse_id, available FROM stock_levels WHERE product_id = ANY($1)"}}}},
    {"inventory", kGrpc, "shop.inventory.Stock/Reserve", "", 0, false,
     {{{kSql, "UPDATE stock_levels", "UPDATE stock_levels SET available = available - $1, reserved = reserved + $1 WHERE product_id = {product} AND available >= $1"},
       {kSql, "INSERT reservations", "INSERT INTO reservations (id, order_id, product_id, quantity) VALUES ($1, {order}, $2, $3)"}, {kCache, "DEL", "stock:{product}"}}}},
    {"inventory", kTopic, "order-cancelled", "", 0, false,
     {{{kSql, "DELETE reservations", "DELETE FROM reservations WHERE order_id = {order}"}, {kCache, "DEL", "stock:{product}"}}}},

    {"checkout", kGrpc, "shop.checkout.Checkout/PlaceOrder", "", 0, false,
     {{{kCall, "shop.cart.Cart/GetCart"}, {kCall, "shop.profile.Addresses/GetDefault"}, {kCall, "shop.inventory.Stock/Reserve"}, {kCall, "shop.payment.Payments/Charge"},
       {kCall, "shop.order.Orders/Create"}, {kWork, "OrderValidator.validate"}}}},

    {"order", kGrpc, "shop.order.Orders/Create", "", 0, false,
     {{{kSql, "INSERT orders", "INSERT INTO orders (id, user_id, total, currency, state) VALUES ({order}, $1, $2, $3, 'created')"}, {kPublish, "order-created"},
       {kSql, "INSERT order_lines", "INSERT INTO order_lines (order_id, product_id, quantity, price) VALUES ({order}, $1, $2, $3)"}, {kCall, "shop.cart.Cart/Empty"}}}},
    {"order", kGrpc, "shop.order.Orders/Get", "", 0, false,
     {{{kSql, "SELECT orders", "SELECT id, user_id, total, currency, state FROM orders WHERE id = {order}"}, {kSql, "SELECT order_lines", "SELECT product_id, quantity, price FROM order_lines WHERE order_id = {order}"},
       {kCall, "shop.payment.Payments/GetStatus"}, {kWork, "OrderMapper.toDto"}}}},
    {"order", kGrpc, "shop.order.Orders/List", "", 0, false,
     {{{kSql, "SELECT orders", "SELECT id, user_id, total, currency, state FROM orders WHERE id = {order}"}, {kCall, "shop.catalogue.Catalogue/GetProduct"}, {kWork, "OrderMapper.toDto"}}}},
    {"order", kGrpc, "shop.order.Orders/Return", "", 0, false,
     {{{kSql, "UPDATE orders", "UPDATE orders SET state = 'returned', updated_at = now() WHERE id = {order}"}, {kCall, "shop.payment.Payments/Refund"}, {kPublish, "order-cancelled"}}}},

    {"payment", kGrpc, "shop.payment.Payments/Charge", "", 0, false,
     {{{kCall, "shop.fraud.Fraud/Score"}, {kCall, "POST /v1/transfers"}, {kSql, "INSERT payments", "INSERT INTO payments (id, order_id, amount, currency, state) VALUES ($1, {order}, $2, $3, 'charged')"},
       {kPublish, "payment-settled"}}}},
    {"payment", kGrpc, "shop.payment.Payments/Refund", "", 0, false,
     {{{kSql, "SELECT payments", "SELECT id, amount, currency, state FROM payments WHERE order_id = {order}"}, {kCall, "POST /v1/refunds"},
       {kSql, "UPDATE payments", "UPDATE payments SET state = 'refunded' WHERE order_id = {order}"}}}},
    {"payment", kGrpc, "shop.payment.Payments/GetStatus", "", 0, false,
     {{{kSql, "SELECT payments", "SELECT id, amount, currency, state FROM payments WHERE order_id = {order}"}, {kCall, "GET /v1/transfers/:id"}}}},

    {"bank", kHttp, "POST /v1/transfers", "/v1/transfers", 0, false,
     {{{kWork, "Bank.Ledger.Authorise"}, {kSql, "INSERT transfers", "INSERT INTO transfers (id, debtor, creditor, amount, booked_at) VALUES (@id, @debtor, @creditor, @amount, SYSUTCDATETIME())"},
       {kSql, "SELECT accounts", "SELECT balance, held FROM accounts WITH (UPDLOCK) WHERE iban = @iban"}}}},
    {"bank", kHttp, "POST /v1/refunds", "/v1/refunds", 0, false,
     {{{kSql, "SELECT accounts", "SELECT balance, held FROM accounts WITH (UPDLOCK) WHERE iban = @iban"}}}},
    {"bank", kHttp, "GET /v1/transfers/:id", "/v1/transfers/{uuid}", 0, false,
     {{{kSql, "SELECT transfers", "SELECT id, amount, booked_at FROM transfers WHERE id = @id"}}}},

    {"fraud", kGrpc, "shop.fraud.Fraud/Score", "", 0, false,
     {{{kCache, "HGETALL", "device:{session}"}, {kSql, "SELECT fraud_signals", "SELECT kind, weight, seen_at FROM fraud_signals WHERE user_id = {user} AND seen_at > now() - interval '30 days'"},
       {kWork, "fraud.predict"}}}},

    {"shipping", kGrpc, "shop.shipping.Shipping/Quote", "", 0, false,
     {{{kSql, "SELECT tariffs", "SELECT carrier, zone, price FROM tariffs WHERE zone = $1 AND weight_max >= $2 ORDER BY price"}, {kCall, "shop.profile.Addresses/GetDefault"}}}},
    {"shipping", kGrpc, "shop.shipping.Shipping/Track", "", 0, false,
     {{{kSql, "SELECT shipments", "SELECT state, carrier, tracking_code, updated_at FROM shipments WHERE order_id = {order}"}, {kCache, "GET", "tracking:{order}"}}}},
    {"shipping", kGrpc, "shop.shipping.Shipping/Book", "", 0, false,
     {{{kSql, "INSERT shipments", "INSERT INTO shipments (order_id, carrier, tracking_code, state) VALUES ({order}, $1, $2, 'booked')"}}}},

    {"warehouse", kTopic, "order-created", "", 0, false,
     {{{kSql, "INSERT pick_lists", "INSERT INTO pick_lists (order_id, zone, created_at) VALUES ({order}, $1, now())"}, {kCall, "shop.shipping.Shipping/Book"}, {kWork, "PickRoutePlanner.plan"}}}},
    {"warehouse", kTimer, "hourly stock count", "", 1, false,
     {{{kSql, "SELECT bins", "SELECT bin, product_id, quantity FROM bins WHERE counted_at < now() - interval '1 hour'"}, {kCall, "shop.inventory.Stock/GetLevels"},
       {kSql, "UPDATE bins", "UPDATE bins SET counted_at = now(), quantity = $1 WHERE bin = $2"}}}},

    {"notification", kTopic, "payment-settled", "", 0, false,
     {{{kCall, "shop.profile.Profiles/Get"}, {kWork, "sendReceipt"}, {kSql, "INSERT messages", "INSERT INTO messages (user_id, template, state) VALUES ($1, $2, 'sent')"}}}},
    {"notification", kTopic, "profile-changed", "", 0, false,
     {{{kSql, "INSERT messages", "INSERT INTO messages (user_id, template, state) VALUES ($1, $2, 'sent')"}}}},

    {"recommendation", kGrpc, "shop.recommendation.Recommender/ForUser", "", 0, false,
     {{{kCache, "GET", "embedding:u-{user}"}, {kWork, "recommendation.nearest"}, {kCall, "shop.catalogue.Catalogue/GetProduct"}}}},
    {"recommendation", kGrpc, "shop.recommendation.Recommender/Similar", "", 0, false,
     {{{kCache, "GET", "embedding:{product}"}, {kSql, "SELECT similar_products", "SELECT other_id, score FROM similar_products WHERE product_id = {product} ORDER BY score DESC LIMIT 12"}, {kWork, "recommendation.nearest"}}}},

    {"review", kGrpc, "shop.review.Reviews/ListForProduct", "", 0, false,
     {{{kSql, "SELECT reviews", "SELECT id, author, stars, body FROM reviews WHERE product_id = {product} ORDER BY created_at DESC LIMIT 20"}, {kCall, "shop.profile.Profiles/Get"}}}},
    {"review", kGrpc, "shop.review.Reviews/Post", "", 0, false,
     {{{kSql, "INSERT reviews", "INSERT INTO reviews (product_id, author, stars, body) VALUES ({product}, $1, $2, $3)"}, {kCall, "shop.catalogue.Catalogue/GetProduct"}}}},

    {"tax", kGrpc, "shop.tax.Tax/Calculate", "", 0, false,
     {{{kCache, "GET", "rates:DE"}}}},
    {"tax", kGrpc, "shop.tax.Tax/Estimate", "", 0, false,
     {{{kCache, "GET", "rates:DE"}, {kSql, "SELECT tax_rates", "SELECT category, rate FROM tax_rates WHERE country = $1 AND valid_from <= now()"}}}},
});
// clang-format on

}  // namespace waybill::generate::tables
