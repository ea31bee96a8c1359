# widget.cmake - the chat widget: built by npm into ${CMAKE_BINARY_DIR}/share/widget/widget.js by the target
# chat_widget, which is not part of `all`: C developers without npm build everything else.
find_program(NPM npm)
set(widget ${CMAKE_CURRENT_SOURCE_DIR}/web)
set(widget_work ${CMAKE_BINARY_DIR}/services/channel_webchat/web)
set(widget_out ${CMAKE_BINARY_DIR}/share/widget)
file(GLOB_RECURSE widget_sources CONFIGURE_DEPENDS ${widget}/src/*)
list(APPEND widget_sources ${widget}/vite.config.ts ${widget}/tsconfig.json)

# node_modules stands in the build folder, beside copies of the files that decide what is in it.
add_custom_command(OUTPUT ${widget_work}/node_modules/.package-lock.json
  COMMAND ${CMAKE_COMMAND} -E make_directory ${widget_work}
  COMMAND ${CMAKE_COMMAND} -E copy ${widget}/package.json ${widget}/package-lock.json ${widget}/.npmrc ${widget_work}
  COMMAND ${CMAKE_COMMAND} -E chdir ${widget_work} ${NPM} ci --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${widget_work}/node_modules/.package-lock.json
  DEPENDS ${widget}/package.json ${widget}/package-lock.json
  COMMENT "chat widget: npm ci")
add_custom_command(OUTPUT ${widget_out}/widget.js
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${widget_work}/src
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${widget}/src ${widget_work}/src
  COMMAND ${CMAKE_COMMAND} -E copy ${widget}/vite.config.ts ${widget}/tsconfig.json ${widget_work}
  COMMAND ${CMAKE_COMMAND} -E chdir ${widget_work} ${NPM} run --silent check
  COMMAND ${CMAKE_COMMAND} -E chdir ${widget_work} ${CMAKE_COMMAND} -E env WEBCHAT_WIDGET_OUT=${widget_out} ${NPM} run --silent build
  COMMAND ${CMAKE_COMMAND} -E touch ${widget_out}/widget.js
  DEPENDS ${widget_sources} ${widget_work}/node_modules/.package-lock.json
  COMMENT "chat widget: check and build")
add_custom_target(chat_widget DEPENDS ${widget_out}/widget.js)
install(DIRECTORY ${widget_out}/ DESTINATION share/filrouge/widget OPTIONAL)
