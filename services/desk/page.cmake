# page.cmake - the web page: built by npm into ${CMAKE_BINARY_DIR}/share/desk by the target desk_page, which is not
# part of `all`: C developers without npm build everything else.
find_program(NPM npm)
set(web ${CMAKE_CURRENT_SOURCE_DIR}/web)
set(web_work ${CMAKE_BINARY_DIR}/services/desk/web)
set(web_out ${CMAKE_BINARY_DIR}/share/desk)
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web}/src/*)
list(APPEND web_sources ${web}/index.html ${web}/vite.config.ts ${web}/tsconfig.json)

# node_modules stands in the build folder, beside copies of the two files that decide what is in it.
add_custom_command(OUTPUT ${web_work}/node_modules/.package-lock.json
  COMMAND ${CMAKE_COMMAND} -E make_directory ${web_work}
  COMMAND ${CMAKE_COMMAND} -E copy ${web}/package.json ${web}/package-lock.json ${web}/.npmrc ${web_work}
  COMMAND ${CMAKE_COMMAND} -E chdir ${web_work} ${NPM} ci --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${web_work}/node_modules/.package-lock.json
  DEPENDS ${web}/package.json ${web}/package-lock.json
  COMMENT "desk page: npm ci")
add_custom_command(OUTPUT ${web_out}/index.html
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${web_work}/src
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${web}/src ${web_work}/src
  COMMAND ${CMAKE_COMMAND} -E copy ${web}/index.html ${web}/vite.config.ts ${web}/tsconfig.json ${web_work}
  COMMAND ${CMAKE_COMMAND} -E chdir ${web_work} ${NPM} run --silent check
  COMMAND ${CMAKE_COMMAND} -E chdir ${web_work} ${CMAKE_COMMAND} -E env DESK_PAGE_OUT=${web_out} ${NPM} run --silent build
  COMMAND ${CMAKE_COMMAND} -E touch ${web_out}/index.html
  DEPENDS ${web_sources} ${web_work}/node_modules/.package-lock.json
  COMMENT "desk page: check and build")
add_custom_target(desk_page DEPENDS ${web_out}/index.html)
install(DIRECTORY ${web_out}/ DESTINATION share/filrouge/desk OPTIONAL)
