#ifndef KVSTATE_HARNESS_REPORT_STATISTICS_H_
#define KVSTATE_HARNESS_REPORT_STATISTICS_H_

#include <vector>

namespace kvstate::harness {

/// A median and the interval that holds the true one with `confidence`.
struct MedianInterval {
  double median = 0;
  double low = 0;
  double high = 0;
  double confidence = 0;  ///< What the interval really has: with few samples less than was asked for.
};

/// The middle value, or the mean of the two in the middle. REQUIRES: values is not empty.
double Median(std::vector<double> values);

/// The narrowest interval between two order statistics, the same number from either end, that has at least
/// `confidence`; all of the range where the samples are too few for that. Nothing is assumed of the distribution: the
/// number of samples below the true median is binomial (n, 1/2). REQUIRES: values is not empty.
MedianInterval MedianWithInterval(std::vector<double> values, double confidence = 0.95);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPORT_STATISTICS_H_
