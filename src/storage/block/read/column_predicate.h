// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/span.h"
#include "storage/block/block_schema.h"
#include "storage/block/read/group_reader.h"
#include "storage/filter.h"

namespace waybill::storage {

// What is known of a condition on a row.
enum class Verdict : std::uint8_t {
  No = 0,
  Yes = 1,
  Unknown = 2  // only the whole span can tell
};

// Verdicts on the rows of one shape in one group: one for all, or one each.
struct Verdicts {
  Verdict all = Verdict::Unknown;
  std::vector<Verdict> rows;  // empty: `all` holds for each

  bool is_constant() const { return rows.empty(); }
};

// The columns of a group that a scan has read so far, each once.
class GroupColumns final {
 public:
  explicit GroupColumns(GroupReader& group) : group_(group) {}

  GroupReader& group() { return group_; }
  const Schema& schema() const { return group_.schema(); }
  // The column of the field at this place of the list of shapes; bounds and constants only.
  Result<const ShapeColumn*> head(std::uint32_t field, std::size_t place, std::size_t position);
  // The same with its values.
  Result<const ShapeColumn*> column(std::uint32_t field, std::size_t place, std::size_t position);
  // Requires: column() was called for the field.
  const FieldColumns& field(std::uint32_t field) { return full_.at(field); }
  Result<std::shared_ptr<const TextList>> dictionary(std::uint32_t field);
  // Empty where the field has none in this group.
  Result<const std::string*> filter(std::uint32_t field);
  Result<const std::vector<GroupTrace>*> traces();
  // Number of the trace of each row of the shapes, in the order of ranks.
  Result<const std::vector<std::vector<std::uint32_t>>*> trace_of_ranks();
  Result<const std::vector<std::uint32_t>*> rows();

  void count_tested(std::size_t rows) { rows_tested_ += rows; }
  std::uint64_t rows_tested() const { return rows_tested_; }

 private:
  static const ShapeColumn* find(const std::vector<ShapeColumn>& columns, std::size_t place,
                                 std::size_t position);

  GroupReader& group_;
  std::uint64_t rows_tested_ = 0;
  std::unordered_map<std::uint32_t, std::vector<ShapeColumn>> heads_;
  std::unordered_map<std::uint32_t, FieldColumns> full_;
  std::unordered_map<std::uint32_t, std::string> filters_;
  std::optional<std::vector<GroupTrace>> traces_;
  std::optional<std::vector<std::uint32_t>> rows_;
  std::optional<std::vector<std::vector<std::uint32_t>>> trace_of_ranks_;
};

// One predicate, tested on columns of one block. SpanMatcher decides every value, on a span that
// has nothing but it, so that both mean the same. Texts with codes are tested once each. One thread
// at a time.
class ColumnPredicate final {
 public:
  static Result<ColumnPredicate> make(const Predicate& predicate,
                                      std::shared_ptr<const Schema> schema);

  // What can be said without reading a body: shape, constants, bounds.
  Result<Verdict> test_head(GroupColumns& columns, std::size_t place);
  // The verdict on each row. Requires: test_head() said Unknown.
  Result<Verdicts> test_rows(GroupColumns& columns, std::size_t place);

 private:
  // What the verdict on a shape's rows hangs on: the verdicts of all that is named here, of which
  // one Yes is enough.
  struct Plan {
    bool is_made = false;
    std::optional<Verdict> fixed;         // nothing else counts
    bool uses_origin = false;             // the scope and resource
    std::optional<std::size_t> position;  // the value at this position of the layout
    bool needs_span = false;              // where the origin leaves it open: the whole span
  };

  ColumnPredicate(Predicate predicate, SpanMatcher matcher, SpanMatcher value_matcher,
                  std::shared_ptr<const Schema> schema);

  Plan make_plan(const Shape& shape) const;
  Plan plan_attribute(const Shape& shape) const;
  Plan plan_anywhere(const Shape& shape) const;
  Plan plan_role(const Shape& shape, FieldRole role) const;
  const Plan& plan_of(std::uint32_t shape);
  std::optional<std::size_t> find_role(const Shape& shape, FieldRole role) const;
  bool items_may_matter(RowTable table) const;
  bool items_matter(const Shape& shape) const;

  Verdict test_shape(const Shape& shape) const;
  Verdict test_origin(std::uint64_t origin, const Plan& plan);
  Verdict test_number(const Field& field, std::uint64_t value) const;
  Verdict test_text(const Field& field, std::string_view text) const;
  Verdict test_code(std::uint32_t field, const TextList& dictionary, std::uint64_t code);
  Verdict test_bounds(const Field& field, const IntRun& run) const;
  bool is_text_equality(const Field& field) const;
  bool is_integer_comparison(const Field& field) const;
  // Requires: is_text_equality() for some field.
  const std::string& wanted_text() const;
  // Its code, kNoCode where the dictionary does not have it.
  std::uint64_t wanted_code(std::uint32_t field, const TextList& dictionary);
  Result<bool> may_be_pooled(GroupColumns& columns, std::uint32_t field) const;

  Result<Verdict> head_of_origin(GroupColumns& columns, std::size_t place, const Plan& plan);
  Result<Verdict> head_of_codes(GroupColumns& columns, std::uint32_t field,
                                const ShapeColumn& column);
  Result<Verdict> head_of_value(GroupColumns& columns, std::size_t place, const Plan& plan);
  Result<void> add_origins(GroupColumns& columns, std::size_t place, const Plan& plan,
                           std::vector<Verdict>& verdicts);
  Result<void> add_values(GroupColumns& columns, std::size_t place, const Plan& plan,
                          std::vector<Verdict>& verdicts);
  Result<void> add_texts(GroupColumns& columns, std::uint32_t field, const ShapeColumn& column,
                         std::vector<Verdict>& verdicts);

  Predicate predicate_;
  SpanMatcher matcher_;
  SpanMatcher value_matcher_;  // the same on an attribute of the span
  std::shared_ptr<const Schema> schema_;
  bool events_matter_ = true;
  bool links_matter_ = true;
  std::vector<Plan> plans_;               // by shape
  std::vector<Verdict> origin_verdicts_;  // by origin, those that were tested
  std::vector<bool> origins_tested_;
  struct CodeVerdicts {
    std::vector<Verdict> verdicts;
    std::vector<bool> is_tested;
  };
  std::unordered_map<std::uint32_t, CodeVerdicts> code_verdicts_;  // by field
  static constexpr std::uint64_t kNoCode = INT64_MAX;
  std::unordered_map<std::uint32_t, std::uint64_t> wanted_codes_;  // by field
};

}  // namespace waybill::storage
