#include "workloads/sources/portable_math.h"

#include <array>
#include <bit>
#include <cassert>
#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <iterator>

static_assert(FLT_EVAL_METHOD == 0, "wider intermediate results would change the streams");

namespace kvstate::workloads {
namespace {

// ln 2 in two parts, the first with its low bits zero so that its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kHalfLn2 = 0.34657359027997264;

/// 2·atanh(s) = log((1 + s) / (1 - s)), by its series s + s³/3 + … + s^23/23. With |s| <= 0.2 the first term left out
/// is below 2^-55 of the sum.
double TwiceAtanh(double s) {
  constexpr double kCoefficients[] = {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                                      1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3};
  const double square = s * s;
  double sum = 0;
  for (double coefficient : kCoefficients) sum = (sum + coefficient) * square;
  return 2.0 * s + 2.0 * s * sum;
}

/// exp(x) - 1 by its series x + x²/2! + … + x^15/15!. With |x| <= ln(2)/2 the first term left out is below 2^-60 of the
/// sum.
double Expm1Series(double x) {
  static constexpr double kFactorials[] = {1307674368000.0, 87178291200.0, 6227020800.0, 479001600.0, 39916800.0,
                                           3628800.0,       362880.0,      40320.0,      5040.0,      720.0,
                                           120.0,           24.0,          6.0,          2.0};
  static constexpr auto kCoefficients = [] {
    std::array<double, std::size(kFactorials)> reciprocals{};
    for (size_t i = 0; i < reciprocals.size(); ++i) reciprocals[i] = 1.0 / kFactorials[i];
    return reciprocals;
  }();
  double sum = 0;
  for (double coefficient : kCoefficients) sum = (sum + coefficient) * x;
  return x + x * sum;
}

}  // namespace

double PortableLog(double x) {
  assert(x >= DBL_MIN && x <= DBL_MAX);
  const auto bits = std::bit_cast<uint64_t>(x);
  // Splits x = m · 2^e with m in [~0.707, ~1.414), so that numbers near 1 keep e = 0 and lose nothing.
  constexpr uint64_t kSqrtHalfBits = 0x3fe6a09e667f3bcdu;
  const auto e = static_cast<int64_t>(bits - kSqrtHalfBits) >> 52;
  const double m = std::bit_cast<double>(bits - (static_cast<uint64_t>(e) << 52));
  const auto scale = static_cast<double>(e);
  return scale * kLn2High + (TwiceAtanh((m - 1.0) / (m + 1.0)) + scale * kLn2Low);
}

double PortableLog1p(double x) {
  assert(x > -1.0);
  if (x > -0.25 && x < 0.25) return TwiceAtanh(x / (2.0 + x));
  return PortableLog(1.0 + x);
}

double PortableExp(double x) {
  assert(x >= -700.0 && x <= 700.0);
  const double halves = x / (kLn2High + kLn2Low);
  const auto e = static_cast<int64_t>(halves < 0 ? halves - 0.5 : halves + 0.5);
  const auto scale = static_cast<double>(e);
  const double rest = (x - scale * kLn2High) - scale * kLn2Low;
  const double power = std::bit_cast<double>(static_cast<uint64_t>(e + 1023) << 52);
  return power * (Expm1Series(rest) + 1.0);
}

double PortableExpm1(double x) {
  if (x >= -kHalfLn2 && x <= kHalfLn2) return Expm1Series(x);
  return PortableExp(x) - 1.0;
}

}  // namespace kvstate::workloads
