#ifndef KVSTATE_HARNESS_REPORT_PROGRESS_H_
#define KVSTATE_HARNESS_REPORT_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace kvstate::harness {

/// One line that says what is being done and how long the rest will take, rewritten in place. Says nothing at all when
/// it was made silent: when the stream is not a terminal. Not thread-safe.
class Progress {
 public:
  /// `stream` null: silent. It must outlive this.
  explicit Progress(std::ostream* stream) : stream_(stream), start_(std::chrono::steady_clock::now()) {}
  ~Progress() { Clear(); }

  /// How many steps there will be in all.
  void SetSteps(uint64_t steps) { steps_ = steps; }
  /// What is being done now; the step before it is over.
  void BeginStep(const std::string& what);
  /// Within the step: `done` of `total`; total 0 where it is not known.
  void Update(uint64_t done, uint64_t total);
  /// Takes the line away, for other output to the terminal.
  void Clear();

 private:
  void Show(double done_steps);

  std::ostream* const stream_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_shown_{};
  uint64_t steps_ = 0;
  uint64_t begun_ = 0;
  std::string what_;
  bool shown_ = false;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPORT_PROGRESS_H_
