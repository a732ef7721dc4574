# Taskroot's own image from the static binary that 'make build' made: needs no
# registry and no network. Built by 'make image', with build/ as the context.
FROM scratch
COPY taskroot /taskroot
USER 65532:65532
EXPOSE 8844
ENTRYPOINT ["/taskroot"]
CMD ["serve"]
