#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

// Runs a target over its corpus and over a fixed number of mutations of it, the same ones each time. Findings show as
// the sanitizers' or as an exit with 1, after the input in hexadecimal.

namespace {

constexpr int kMutations = 4000;

std::string current_input;

void Run(const std::string& input) {
  current_input = input;
  // A copy of the exact size, so that a sanitizer sees a read beyond it.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

/// One to four small changes: a bit, a byte, a piece gone, a piece twice, or the tail of another input.
std::string Mutate(std::string input, const std::vector<std::string>& corpus, std::mt19937_64& random) {
  const auto below = [&random](size_t limit) { return static_cast<size_t>(random() % limit); };
  for (size_t changes = below(4) + 1; changes > 0; --changes) {
    const size_t at = below(input.size() + 1);
    switch (below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(below(256));
        break;
      case 2:
        input.insert(at, 1, static_cast<char>(below(2) == 0 ? 0xff : below(256)));
        break;
      case 3:
        input.erase(at, below(8));
        break;
      case 4:
        input.insert(at, input.substr(at, below(16)));
        break;
      default: {
        const std::string& other = corpus[below(corpus.size())];
        input = input.substr(0, at) + other.substr(std::min(other.size(), at));
      }
    }
  }
  return input;
}

}  // namespace

namespace kvstate::fuzz {

void Fail(const char* what, const char* file, int line) {
  std::cerr << file << ":" << line << ": does not hold: " << what << "\ninput:";
  constexpr const char* kDigits = "0123456789abcdef";
  for (const char c : current_input) std::cerr << ' ' << kDigits[(c >> 4) & 15] << kDigits[c & 15];
  std::cerr << "\n";
  std::exit(1);
}

}  // namespace kvstate::fuzz

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
    std::cerr << "usage: " << argv[0] << " corpus_directory\n";
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus = {""};
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  for (const std::string& input : corpus) Run(input);
  std::mt19937_64 random(1);
  for (int i = 0; i < kMutations; ++i) Run(Mutate(corpus[random() % corpus.size()], corpus, random));
  std::cout << corpus.size() << " inputs and " << kMutations << " mutations\n";
  return files.empty() ? 2 : 0;
}
