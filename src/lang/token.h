// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lang/expression.h"

namespace waybill::lang {

enum class TokenKind : std::uint8_t {
  End,
  Invalid,  // `text` is the message
  OpenBrace,
  CloseBrace,
  OpenParen,
  CloseParen,
  And,
  Or,
  Compare,    // `op`
  Attribute,  // `field`
  Word,       // `text`: intrinsic, keyword or literal word
  Constant,   // `literal`: string, number or duration
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::size_t position = 0;
  std::size_t size = 0;  // bytes of the query that it takes
  std::string text;
  Operator op = Operator::Equal;
  AttributeField field;
  Literal literal;
};

// The token at or after `position`, behind white space and comments.
Token next_token(std::string_view query, std::size_t position);

}  // namespace waybill::lang
