# The last layers of every image: the agent, alone on top, so that a changed agent costs a second.
ARG LANGUAGES
FROM ${LANGUAGES}
COPY versions.json /usr/local/share/codecube/versions.json
ARG VERSIONS
ARG INPUTS
ARG AGENT
LABEL codecube.versions=${VERSIONS} codecube.inputs=${INPUTS} codecube.agent=${AGENT}
WORKDIR /code
ENTRYPOINT []
CMD ["/usr/local/bin/codecube-agent"]
COPY codecube-agent /usr/local/bin/codecube-agent
