#include "harness/cli/command_rewrite.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>

#include "harness/replay/trace_file.h"
#include "harness/report/progress.h"
#include "harness/rewrite/key_hasher.h"
#include "harness/rewrite/trace_rewriter.h"
#include "harness/rewrite/trace_salvage.h"

namespace kvstate::cli {

namespace {

constexpr size_t kMaxSecretBytes = size_t{1} << 16;

Status CheckFlags(const TraceRewriteOptions& options) {
  if (options.traces.size() != 1) {
    return InvalidArgumentError("kvstate trace rewrite needs the name of one trace file");
  }
  if (options.output.empty()) return InvalidArgumentError("--output is missing: the trace file to make");
  if (options.values != "full" && options.values != "sizes") {
    return InvalidArgumentError("--values: '" + options.values + "' is neither full nor sizes");
  }
  const bool by_operation = options.from_operation > 0 || options.to_operation > 0;
  const bool by_time = options.from_ms > 0 || options.to_ms > 0;
  if (by_operation && by_time) {
    return InvalidArgumentError(
        "a part is cut by operations (--from_operation, --to_operation) or by time (--from_ms, "
        "--to_ms), not by both");
  }
  if (options.salvage && (by_operation || by_time)) {
    return InvalidArgumentError("--salvage takes the whole trace: cut a part of what it gives");
  }
  const bool is_empty = (options.to_operation > 0 && options.to_operation <= options.from_operation) ||
                        (options.to_ms > 0 && options.to_ms <= options.from_ms);
  if (is_empty) return InvalidArgumentError("the part ends before it begins: --to_… must be above --from_…");
  return Status();
}

Result<std::unique_ptr<harness::KeyHasher>> HasherOf(const std::string& path) {
  if (path.empty()) return std::unique_ptr<harness::KeyHasher>();
  std::ifstream file(path, std::ios::binary);
  std::string secret(kMaxSecretBytes + 1, '\0');
  if (!file || file.read(secret.data(), static_cast<std::streamsize>(secret.size())).bad()) {
    return NotFoundError("--hash_keys: cannot read the file with the secret, " + path);
  }
  secret.resize(static_cast<size_t>(file.gcount()));
  if (secret.size() > kMaxSecretBytes) {
    return InvalidArgumentError("--hash_keys: " + path + " has more than " + std::to_string(kMaxSecretBytes) +
                                " bytes; a secret of 32 is enough");
  }
  auto hasher = harness::KeyHasher::Create(secret);
  if (!hasher.ok()) return hasher.status().WithContext("--hash_keys: " + path);
  return hasher;
}

/// From the first operation to the last.
int64_t MillisOf(const harness::TraceTotals& totals) {
  return static_cast<int64_t>(static_cast<uint64_t>(totals.last_time_ms) - static_cast<uint64_t>(totals.first_time_ms));
}

/// A moment of the trace, `ms` after its first operation.
int64_t TimeAfterStart(const harness::TraceTotals& totals, uint64_t ms) {
  int64_t time = 0;
  const bool is_beyond =
      ms > INT64_MAX || __builtin_add_overflow(totals.first_time_ms, static_cast<int64_t>(ms), &time);
  return is_beyond ? INT64_MAX : time;
}

Status SetRange(const TraceRewriteOptions& options, harness::TraceReader& trace, harness::RewriteOptions* rewrite) {
  rewrite->from_operation = options.from_operation;
  if (options.to_operation > 0) rewrite->to_operation = options.to_operation;
  if (options.from_ms > 0) {
    KVSTATE_ASSIGN_OR_RETURN(rewrite->from_operation,
                             harness::OperationAtTime(trace, TimeAfterStart(trace.totals(), options.from_ms)));
  }
  if (options.to_ms > 0) {
    KVSTATE_ASSIGN_OR_RETURN(rewrite->to_operation,
                             harness::OperationAtTime(trace, TimeAfterStart(trace.totals(), options.to_ms)));
  }
  return trace.SeekToOperation(rewrite->from_operation);
}

class Rewriting {
 public:
  Rewriting(const TraceRewriteOptions& options, const Console& console, harness::TraceWriter* writer)
      : options_(options), console_(console), writer_(*writer), progress_(console.progress) {}

  Result<std::string> Run() {
    KVSTATE_ASSIGN_OR_RETURN(hasher_, HasherOf(options_.hash_keys));
    progress_.SetSteps(1);
    progress_.BeginStep("rewriting " + options_.traces.front());
    auto told = options_.salvage ? Salvage() : Part();
    progress_.Clear();
    return told;
  }

 private:
  static std::string Steps(const harness::TraceRewriter& rewriter) {
    if (rewriter.dropped_steps() == 0) return "";
    return ", less " + std::to_string(rewriter.dropped_steps()) +
           " steps of map iterators that were opened in what is missing";
  }

  Result<std::string> Part() {
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<harness::TraceReader> trace,
                             harness::TraceReader::Open(options_.traces.front()));
    harness::RewriteOptions rewrite{.hasher = hasher_.get()};
    KVSTATE_RETURN_IF_ERROR(SetRange(options_, *trace, &rewrite));
    if (trace->operations() > 0 &&
        (rewrite.from_operation >= trace->operations() || rewrite.from_operation >= rewrite.to_operation)) {
      return InvalidArgumentError("no operation of trace " + options_.traces.front() + " is in that part: it has " +
                                  std::to_string(trace->operations()) + ", until " +
                                  std::to_string(MillisOf(trace->totals())) + " ms after the first");
    }
    harness::TraceRewriter rewriter(&writer_, rewrite);
    harness::TraceHeader header = trace->header();
    header.is_part = header.is_part || rewrite.from_operation > 0 || rewrite.to_operation < trace->operations();
    KVSTATE_RETURN_IF_ERROR(rewriter.Begin(header, trace->fill_operations()));
    while (trace->next_operation() < rewrite.to_operation) {
      if (console_.stopped()) return CancelledError("interrupted");
      const uint64_t first = trace->next_operation();
      KVSTATE_ASSIGN_OR_RETURN(const auto* chunk, trace->NextChunk());
      if (chunk->empty()) break;
      KVSTATE_RETURN_IF_ERROR(rewriter.Add(*chunk, first, trace->states()));
      progress_.Update(trace->next_operation(), trace->operations());
    }
    KVSTATE_RETURN_IF_ERROR(rewriter.Finish());
    return std::to_string(rewriter.kept()) + " of " + std::to_string(trace->operations()) + " operations" +
           Steps(rewriter);
  }

  Result<std::string> Salvage() {
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<harness::TraceSalvage> trace,
                             harness::TraceSalvage::Open(options_.traces.front()));
    harness::TraceRewriter rewriter(&writer_, {.hasher = hasher_.get()});
    harness::TraceHeader header = trace->header();
    header.is_part = header.is_part || trace->lost() != std::optional<uint64_t>(0);
    KVSTATE_RETURN_IF_ERROR(rewriter.Begin(header, trace->fill_operations()));
    uint64_t first = 0;
    while (true) {
      if (console_.stopped()) return CancelledError("interrupted");
      KVSTATE_ASSIGN_OR_RETURN(const auto* chunk, trace->NextChunk());
      if (chunk->empty()) break;
      if (trace->gap_before()) rewriter.Gap();
      KVSTATE_RETURN_IF_ERROR(rewriter.Add(*chunk, first, trace->states()));
      first += chunk->size();
      progress_.Update(first, trace->operations());
    }
    KVSTATE_RETURN_IF_ERROR(rewriter.Finish());
    return std::to_string(rewriter.kept()) + " operations kept" + Steps(rewriter) + Loss(*trace);
  }

  static std::string Loss(const harness::TraceSalvage& trace) {
    if (trace.is_whole()) return "; nothing was damaged";
    const std::optional<uint64_t> lost = trace.lost();
    std::string text = lost.has_value() ? ", " + std::to_string(*lost) + " lost"
                                        : ", and how many are lost nobody knows: the footer is missing";
    if (trace.without_states() > 0) {
      text += "; " + std::to_string(trace.without_states()) +
              " operations behind the damage are whole but left out, since a state of theirs may be missing";
    }
    for (const harness::TraceSalvage::Gap& gap : trace.gaps()) {
      const bool is_end = !lost.has_value() && &gap == &trace.gaps().back();
      text += gap.blocks > 0 || is_end ? "\n  block " : "\n  what is of no block, before block ";
      text += std::to_string(gap.block);
      if (gap.blocks > 1) text += " to " + std::to_string(gap.block + gap.blocks - 1);
      if (is_end) text += " and what followed";
      text += ": bytes " + std::to_string(gap.offset) + " to " + std::to_string(gap.end);
      if (gap.offset == gap.end) text += ", where the file ends";
    }
    return text;
  }

  const TraceRewriteOptions& options_;
  const Console& console_;
  harness::TraceWriter& writer_;
  harness::Progress progress_;
  std::unique_ptr<harness::KeyHasher> hasher_;
};

}  // namespace

int TraceRewriteCommand(const TraceRewriteOptions& options, const Console& console) {
  const Status checked = CheckFlags(options);
  if (!checked.ok()) return console.Fail(checked, kExitUsage);
  auto writer = harness::TraceWriter::Create(options.output, options.values == "sizes");
  if (!writer.ok()) return console.Fail(writer.status().WithContext("--output"));
  const auto told = Rewriting(options, console, writer->get()).Run();
  if (!told.ok()) return console.Fail(told.status());
  console.out << options.output << ": " << *told << "\n" << options.output << ": " << (*writer)->bytes() << " bytes\n";
  console.out.flush();
  return console.out ? kExitGood : kExitFailed;
}

}  // namespace kvstate::cli
