#include "workloads/sources/text_source.h"

#include <string>
#include <utility>

namespace kvstate::workloads {
namespace {

class TextSource final : public EventSource {
 public:
  TextSource(std::unique_ptr<EventSource> words, uint64_t words_per_line)
      : words_(std::move(words)), words_per_line_(words_per_line) {}

  Result<bool> Next(Event* event) override {
    line_.clear();
    Event word;
    for (uint64_t i = 0; i < words_per_line_; ++i) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, words_->Next(&word));
      if (!more) break;
      event->time_ms = word.time_ms;
      if (!line_.empty()) line_.push_back(' ');
      AppendWord(word.key);
    }
    event->key = {};
    event->value = line_;
    event->stream = 0;
    return !line_.empty();
  }

  uint64_t size() const override { return (words_->size() + words_per_line_ - 1) / words_per_line_; }

 private:
  /// The number in base 26, a letter a digit.
  void AppendWord(ByteView key) {
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof(number) && i < key.size(); ++i) {
      number = number << 8 | static_cast<unsigned char>(key[i]);
    }
    do {
      line_.push_back(static_cast<char>('a' + number % 26));
      number /= 26;
    } while (number > 0);
  }

  const std::unique_ptr<EventSource> words_;
  const uint64_t words_per_line_;
  std::string line_;
};

}  // namespace

std::unique_ptr<EventSource> MakeTextSource(std::unique_ptr<EventSource> words, uint64_t words_per_line) {
  return std::make_unique<TextSource>(std::move(words), words_per_line);
}

}  // namespace kvstate::workloads
