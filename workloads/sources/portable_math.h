#ifndef KVSTATE_WORKLOADS_SOURCES_PORTABLE_MATH_H_
#define KVSTATE_WORKLOADS_SOURCES_PORTABLE_MATH_H_

namespace kvstate::workloads {

/// Elementary functions that give the same bits on every IEEE 754 machine, where those of <cmath> differ between
/// libraries in the last place. Made of additions, multiplications and divisions alone, each rounded once. Within a few
/// units in the last place of the true value; not for speed, nor for numbers outside their REQUIRES.

/// log(x). REQUIRES: x is normal and positive.
double PortableLog(double x);
/// log(1 + x), exact to the last few bits near 0 too. REQUIRES: x > -1.
double PortableLog1p(double x);
/// exp(x). REQUIRES: |x| <= 700.
double PortableExp(double x);
/// exp(x) - 1, exact to the last few bits near 0 too. REQUIRES: |x| <= 700.
double PortableExpm1(double x);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_PORTABLE_MATH_H_
