# @lang: bash
# @contain: four processes flood both streams; the limit is for all of them together
# @status: output limit
# @host: server memory flat
# @expect: output-limit
yes out & yes out & yes err >&2 & yes err >&2 & wait
